"""The pod that carries a session to the config claim: how it is made, waited for, used and removed."""
