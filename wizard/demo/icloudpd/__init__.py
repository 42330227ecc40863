"""The demo icloudpd: what the program in the pods says and does at the demo Apple."""
