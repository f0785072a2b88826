"""Which INSEE codes communes have had: facts derived from the Code officiel géographique, made anew each year."""
