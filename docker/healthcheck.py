#!/usr/bin/env python3
"""Exit status 0 when the process of this container says that it is ready on LAUREL_HEALTH_PORT."""

import os
import sys
import urllib.request

TIMEOUT_SECONDS = 4

url = f"http://127.0.0.1:{os.environ['LAUREL_HEALTH_PORT']}/health/ready"
try:
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
        sys.exit(0 if answer.status == 200 else 1)
except OSError as error:
    sys.exit(f"{url}: {error}")
