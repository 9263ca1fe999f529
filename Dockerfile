FROM python:3.12.12-slim-trixie

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=healthcare.settings.production DATA_DIR=/var/lib/clinic

# What WeasyPrint draws with, and pg_dump and pg_restore of the server's version from PostgreSQL's own packages
RUN apt-get update \
    && apt-get install -qy --no-install-recommends \
        ca-certificates libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install -qy --no-install-recommends postgresql-client-18 \
    && rm -rf /var/lib/apt/lists/*

COPY requirements/production.txt /tmp/production.txt
RUN pip install --no-cache-dir --require-hashes --no-deps -r /tmp/production.txt

RUN useradd --system --uid 10001 --home-dir /srv/clinic clinic \
    && install -d -o clinic -g clinic -m 700 /var/lib/clinic /var/lib/anchors /var/lib/backups /var/lib/downtime
WORKDIR /srv/clinic
COPY . .
RUN python -m compileall -q .

USER clinic
EXPOSE 8000
CMD ["gunicorn", "healthcare.wsgi", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=2", "--threads=8", \
     "--worker-tmp-dir=/dev/shm", "--no-control-socket"]
