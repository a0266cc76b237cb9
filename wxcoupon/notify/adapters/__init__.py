"""Web frameworks' ways into a :class:`~wxcoupon.notify.Router`; nothing is imported before it is used.

* aiohttp.web: :mod:`.aiohttp_web`
* Starlette and FastAPI: :mod:`.starlette_web`; any other framework that speaks ASGI: :mod:`.asgi`
* Quart: :mod:`.quart_views`
* Django: :mod:`.django_views`, for its async views and for the others
* Flask: :mod:`.flask_views`; any other code without an event loop: :mod:`.threaded`

Each reads the headers and the raw bytes, no more of them than the router takes, and writes what the router answers, to
the byte. A body has 5 seconds to come, then it is answered with 408; under WSGI and behind Django, where the server
reads it, the server or the proxy before it has to see to that. Where the route has a parameter ``tenant``, that is whom
a callback has to be for. Each has its way to close the router when the service stops, and after it, in the order given,
whatever else has a ``close()`` to be awaited: the client, the store.
"""
