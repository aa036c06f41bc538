"""What can go wrong with a stack. Messages are for the person at the terminal and say the way out."""


class StackError(Exception):
    """The stack cannot do what was asked."""


class AlreadyRunningError(StackError):
    """Another supervisor holds the folder."""


class PortTakenError(StackError):
    """A port that the user fixed belongs to another program."""


class StartError(StackError):
    """A process did not become ready."""
