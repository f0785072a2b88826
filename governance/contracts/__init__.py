"""What a dataset must look like: ODCS 3.1 contracts, to and from Table Schema without loss."""
