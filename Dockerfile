FROM python:3.11-slim
WORKDIR /srv/audit-api
COPY requirements.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY audit_api audit_api
COPY checklists checklists
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --system --home-dir /srv/audit-api audit
USER audit
EXPOSE 8080
CMD ["audit-api", "serve", "--host", "0.0.0.0"]
