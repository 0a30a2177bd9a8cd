"""The errors and warnings of this package; every message gives the values and the remedy."""


class AutogradError(Exception):
    """The base of all errors that this package raises on purpose.

    Example:
        >>> issubclass(autograd.ShapeError, autograd.AutogradError)
        True
    """


class ShapeError(AutogradError, ValueError):
    """Raised when an operation or a layer cannot use the shape of an array.

    Example:
        >>> try:
        ...     autograd.softmax(Tensor([[1.0, 2.0]]), axis=2)
        ... except autograd.ShapeError as error:
        ...     print(error)
        softmax: axis 2 is out of bounds for array of dimension 2 (inputs of shape (1, 2))
    """


class DTypeError(AutogradError, TypeError):
    """Raised when an operation cannot use the dtype of an array, or no gradient can flow to it.

    Example:
        >>> try:
        ...     Tensor([1, 2], requires_grad=True)
        ... except autograd.DTypeError as error:
        ...     print(str(error).partition(";")[0])
        Tensor(requires_grad=True) got int64 data, which cannot carry a gradient
    """


class GraphError(AutogradError, RuntimeError):
    """Raised when using the recorded graph this way would give a wrong gradient or none.

    Example:
        >>> y = Tensor(2.0, requires_grad=True) * 3.0
        >>> y.backward()  # frees the graph
        >>> try:
        ...     y.backward()
        ... except autograd.GraphError:
        ...     print("compute y again, or pass retain_graph=True")
        compute y again, or pass retain_graph=True
    """


class NotDifferentiableError(AutogradError, TypeError):
    """Raised when gradients cannot pass through a function, a keyword or a rule.

    Example:
        >>> try:
        ...     np.add(Tensor(2.0, requires_grad=True), 1.0, out=np.zeros(()))
        ... except autograd.NotDifferentiableError:
        ...     print("an array has no graph to record the result in")
        an array has no graph to record the result in
    """


class IndependentOutputWarning(UserWarning):
    """Issued when a derivative is 0 because the result does not depend on the argument.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", autograd.IndependentOutputWarning)
        ...     autograd.grad(lambda x: 3.0)(2.0)
        np.float64(0.0)
    """


class AnomalyError(AutogradError, FloatingPointError):
    """Raised by `detect_anomaly` at the operation that made the first NaN or infinity.

    Example:
        >>> try:
        ...     with autograd.detect_anomaly(), np.errstate(divide="ignore"):
        ...         np.log(Tensor([1.0, 0.0]))
        ... except autograd.AnomalyError as error:
        ...     print(str(error).partition(",")[0])
        detect_anomaly: log gave -inf at [1]
    """


class RenderError(AutogradError, RuntimeError):
    """Raised when a picture cannot be drawn or written.

    Example:
        >>> try:
        ...     Tensor(2.0, requires_grad=True).graph().render("loss.bmp")
        ... except autograd.RenderError as error:
        ...     print(str(error).partition(";")[0])
        render: 'loss.bmp' does not say which format to write
    """
