"""Lambda errors as AWS reports them: the exception's own name, and a worker that outlives it.

The engine reports each exception as `Runtime.HandlerError` and kills the worker. Then a state
machine's `Retry` and `Catch` by our own error names never match, and each error costs a cold start.
"""

import contextvars
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.engine.patches.wrapping import Function, wrap

_OLD_REPORT = (
    '            _real_stdout.write(json.dumps({"status": "error", "error": str(e), '
    '"trace": traceback.format_exc()}) + "\\n")'
)
_NEW_REPORT = """\
            sys.stderr.write("[ERROR] " + traceback.format_exc())
            sys.stderr.flush()
            _frames = traceback.extract_tb(e.__traceback__)[1:]
            _real_stdout.write(json.dumps({"status": "ok", "result": None, "raised": {
                "errorMessage": str(e), "errorType": type(e).__name__,
                "requestId": context.aws_request_id,
                "stackTrace": traceback.format_list(_frames)}}) + "\\n")"""
_DIED = {
    "errorType": "Runtime.ExitError",
    "errorMessage": "RequestId: unknown Error: Runtime exited with error",
}
_raised: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("raised")


def _noting_invoke(original: Function) -> Function:
    """Take what the handler raised out of the worker's answer, for the caller below."""

    def invoke(*args: Any, **kwargs: Any) -> Any:
        answer = original(*args, **kwargs)
        raised = answer.pop("raised", None)
        if answer.get("error") == "Worker process died":
            raised = _DIED
        elif raised:
            answer.update(status="error", error=raised["errorMessage"])
        _raised.set(raised)
        return answer

    return invoke


def _naming_execution(original: Function) -> Function:
    """Answer an error with the body that the handler's exception makes on AWS."""

    def execute(function: Any, event: Any, request_id: str) -> Any:
        _raised.set(None)
        result = original(function, event, request_id)
        body = result.get("body")
        if result.get("error") and (raised := _raised.get()):
            result["body"] = raised
        elif result.get("error") and "Worker init failed" in str(body):
            result["body"] = {**body, "errorType": "Runtime.ImportModuleError"}
        return result

    return execute


def apply() -> None:
    """Close the gap."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_OLD_REPORT) != 1:
        raise RuntimeError("the engine's worker script changed")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_OLD_REPORT, _NEW_REPORT)
    wrap(lambda_runtime.Worker, "invoke", _noting_invoke)
    wrap(lambda_svc, "_execute_function_warm", _naming_execution)
