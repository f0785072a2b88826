"""The example town halls' sites: a seeded generator of synthetic files and a small web server.

They stand for the outside world, so they import nothing of the platform: what a town hall's file looks like does not
depend on how ``federation/`` declares it.
"""
