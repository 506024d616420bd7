"""Parts of a transaction that count as a whole, or not at all."""

from contextlib import contextmanager


@contextmanager
def all_or_nothing(cr):
    """A savepoint that also takes back what waits for the commit, such as web hooks
    and notices to browsers.

    :param cr: the cursor
    """
    hooks = cr.postcommit
    functions, data = list(hooks._funcs), dict(hooks.data)
    try:
        with cr.savepoint():
            yield
    except Exception:
        hooks.clear()
        hooks._funcs.extend(functions)
        hooks.data.update(data)
        raise
