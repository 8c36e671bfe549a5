import sys

import uvicorn

from customer360.postgres.embedded import EmbeddedPostgres, open_database
from customer360.web.app import make_app

open_database()
uvicorn.run(make_app(EmbeddedPostgres().reader_database()), port=int(sys.argv[1]), log_level="warning")
