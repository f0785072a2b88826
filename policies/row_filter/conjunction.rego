# The conjunction, one body a length: a loop over conditions on an unknown row cannot be evaluated partially.
package archipel.row_filter

_all_hold(0, _)

_all_hold(1, conditions) if {
	_holds(conditions[0])
}

_all_hold(2, conditions) if {
	_holds(conditions[0])
	_holds(conditions[1])
}

_all_hold(3, conditions) if {
	_holds(conditions[0])
	_holds(conditions[1])
	_holds(conditions[2])
}

_all_hold(4, conditions) if {
	_holds(conditions[0])
	_holds(conditions[1])
	_holds(conditions[2])
	_holds(conditions[3])
}

_all_hold(5, conditions) if {
	_holds(conditions[0])
	_holds(conditions[1])
	_holds(conditions[2])
	_holds(conditions[3])
	_holds(conditions[4])
}

_all_hold(6, conditions) if {
	_holds(conditions[0])
	_holds(conditions[1])
	_holds(conditions[2])
	_holds(conditions[3])
	_holds(conditions[4])
	_holds(conditions[5])
}

_all_hold(7, conditions) if {
	_holds(conditions[0])
	_holds(conditions[1])
	_holds(conditions[2])
	_holds(conditions[3])
	_holds(conditions[4])
	_holds(conditions[5])
	_holds(conditions[6])
}

_all_hold(8, conditions) if {
	_holds(conditions[0])
	_holds(conditions[1])
	_holds(conditions[2])
	_holds(conditions[3])
	_holds(conditions[4])
	_holds(conditions[5])
	_holds(conditions[6])
	_holds(conditions[7])
}

_holds(condition) if _matches(condition.operator, condition.column, condition.value)
