"""What tests share: worlds, databases, processes. No test stands here."""
