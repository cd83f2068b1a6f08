# make demo   sets up a private database with sample data and publishes everything
# make serve-demo  the HTTP service beside the demo's database, with a token to try
# make test   all tests, with a real PostgreSQL that they start themselves
# make check  format, warnings as errors, import directions, words, links of the documents

PREFIX ?= /usr/local
SWIFT ?= swift
RELEASE := .build/release/yearbook

.PHONY: all demo build test check format packages install clean soak bench service serve-demo install-service

all: build

packages:
	@scripts/install-packages

build: packages
	$(SWIFT) build -c release --product yearbook

demo: build
	@$(RELEASE) demo --folder demo

service: packages
	YEARBOOK_SERVICE=1 $(SWIFT) build -c release --product yearbook-serve

serve-demo: build service
	@scripts/serve-demo demo

test: packages
	YEARBOOK_SERVICE=1 YEARBOOK_STRICT=1 $(SWIFT) build --build-tests
	YEARBOOK_SERVICE=1 YEARBOOK_STRICT=1 $(SWIFT) test --skip-build

check: packages
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift
	scripts/check-imports
	scripts/check-sizes
	scripts/check-docs
	scripts/check-words
	scripts/check-links
	scripts/check-claims
	YEARBOOK_SERVICE=1 YEARBOOK_STRICT=1 $(SWIFT) build --build-tests -Xswiftc -diagnostic-style=llvm

format:
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift

install: build
	install -D -m 755 $(RELEASE) $(DESTDIR)$(PREFIX)/bin/yearbook
	mkdir -p $(DESTDIR)$(PREFIX)/share/yearbook
	cp -R pipelines templates cron $(DESTDIR)$(PREFIX)/share/yearbook/
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/yearbook docs/how-to/*.md docs/openapi.yaml
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/yearbook docs/platform-schema.sql docs/platform-role.sql
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/yearbook/docs/platforms docs/platforms/*.sql docs/platforms/*.yaml
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/yearbook/schemas docs/reference/schemas/*.json

install-service: service
	install -D -m 755 .build/release/yearbook-serve $(DESTDIR)$(PREFIX)/bin/yearbook-serve

soak: packages
	YEARBOOK_STRICT=1 YEARBOOK_SOAK=1 $(SWIFT) test
	YEARBOOK_SOAK=1 ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --sanitize address \
	  --scratch-path .build/asan --filter 'Mutated media'
	scripts/fuzz 120

bench: build
	bench/run

clean:
	rm -rf .build demo
