"""A real SQS server (moto's) for tests.

    queue_server.py FOLDER

Writes FOLDER/ready with its port. Ends when the process that started it does, and takes FOLDER along.
"""

import logging
import os
import shutil
import sys
import time

from moto.server import ThreadedMotoServer

folder = sys.argv[1]
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
with open(folder + "/ready.new", "w") as file:
    file.write(f"{server.get_host_and_port()[1]}\n")
os.rename(folder + "/ready.new", folder + "/ready")
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(0.2)
shutil.rmtree(folder, ignore_errors=True)
os._exit(0)
