"""What can go wrong, by name. Every message gives the values found and the remedy."""


class AutogradError(Exception):
    """Base of all errors that this package raises on purpose."""


class ShapeError(AutogradError, ValueError):
    """An array has a shape that the operation or layer cannot use."""


class DTypeError(AutogradError, TypeError):
    """An array has a dtype that the operation cannot use, or that cannot carry a gradient."""


class GraphError(AutogradError, RuntimeError):
    """The recorded graph was used in a way that would give a wrong gradient."""


class NotDifferentiableError(AutogradError, TypeError):
    """A function, keyword or rule that gradients cannot pass through."""


class IndependentOutputWarning(UserWarning):
    """A derivative is 0 because what a function returned does not depend on its argument."""


class AnomalyError(AutogradError, FloatingPointError):
    """`detect_anomaly` found the operation that produced a NaN or an infinity."""


class RenderError(AutogradError, RuntimeError):
    """A picture could not be drawn or written."""
