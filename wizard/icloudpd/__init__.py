"""What is known of icloudpd: its command line, its log, its session folder, and what its output proves. Pure."""
