"""Who asks: bearer tokens verified against an issuer's public keys, and a development issuer that mints them."""
