"""Pages and API."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.config.settings")

application = get_wsgi_application()

# What was loaded by now stays: no collection looks at it again, and a page is drawn between two of them.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
