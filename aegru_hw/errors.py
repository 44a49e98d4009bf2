"""The one exception that stands for a mistake of the user's."""


class UserError(Exception):
    """A mistake that the user can mend; its text is the one line that the command line prints.

    The text names the bad value and what would be accepted.
    """
