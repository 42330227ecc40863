"""Runs one command and prints its seconds, peak memory and exit code as JSON.

A small process of its own, since Linux counts a parent's memory at the fork towards its child's peak.
"""

import json
import os
import subprocess
import sys
import time

began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
ended = time.perf_counter()
process.returncode = os.waitstatus_to_exitcode(status)
answer = {"seconds": ended - began, "megabytes": usage.ru_maxrss / 1024, "code": process.returncode}
sys.stdout.write(json.dumps(answer))
