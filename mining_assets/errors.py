"""What every command ends with in one line; imported by all, so it imports nothing."""


class SettingsError(ValueError):
    """A setting is wrong; the message is one line and names the variable, its value and what is right."""
