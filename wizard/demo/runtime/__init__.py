"""What runs in the demo cluster: its controllers, and the containers with the few programs that they have."""
