"""One module a connector, of its name, with its ``Adapter``: nothing else registers it."""
