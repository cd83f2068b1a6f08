import Diagnostics

/// The OpenAPI document of a service with these reports.
///
/// It is written from the settings, so that it names the reports that this service really takes.
enum OpenAPI {
  /// The document, YAML of OpenAPI 3.1.
  static func text(_ settings: ServiceSettings) -> String {
    let asks = settings.reports.keys.sorted().map { ask($0, settings) }.joined()
    return head + asks + reading(settings) + plain + components(settings)
  }

  private static let head = """
    # Written by `yearbook-serve --openapi FILE`.
    openapi: 3.1.0
    info:
      title: Yearbook
      version: "1"
      summary: Ask for reports and get them.
      description: >-
        A request is taken with 202 and made by a worker. Its address tells where it is, and names the
        files once it is published. Errors are problem details (RFC 9457) in the language of
        Accept-Language: pt-BR, en or es.
      license: {name: Apache-2.0, identifier: Apache-2.0}
    servers: [{url: /}]
    security: [{token: []}]
    paths:

    """

  private static func ask(_ name: String, _ settings: ServiceSettings) -> String {
    """
      /v1/report/\(name):
        post:
          operationId: ask-\(name)
          summary: Asks for the report '\(settings.reports[name] ?? name)'.
          parameters: [{$ref: "#/components/parameters/IdempotencyKey"}]
          requestBody:
            required: true
            content: {application/json: {schema: {$ref: "#/components/schemas/Ask"}}}
          responses:
            "202": {$ref: "#/components/responses/Asked"}
            default: {$ref: "#/components/responses/Problem"}

    """
  }

  private static func reading(_ settings: ServiceSettings) -> String {
    """
      /v1/report/{id}:
        parameters: [{$ref: "#/components/parameters/Id"}]
        get:
          operationId: report
          summary: Where a request is, and the files of its report.
          parameters:
            - name: wait
              in: query
              description: Wait so many seconds for a change, \(settings.limits.wait) at most.
              schema: {type: integer, minimum: 0}
          responses:
            "200":
              description: Where it is; each change as an event, if the caller accepts text/event-stream.
              content:
                application/json: {schema: {$ref: "#/components/schemas/Report"}}
            default: {$ref: "#/components/responses/Problem"}
        delete:
          operationId: cancel
          summary: Cancels a request that waits.
          responses:
            "204": {description: It is cancelled.}
            default: {$ref: "#/components/responses/Problem"}
      /v1/report/{id}/files/{path}:
        parameters:
          - {$ref: "#/components/parameters/Id"}
          - name: path
            in: path
            required: true
            description: The path of a file that the report names. It can have slashes.
            schema: {type: string, minLength: 1}
        get:
          operationId: file
          summary: A file of a published report. It never changes.
          security: [{token: []}, {link: []}]
          parameters:
            - {name: Range, in: header, schema: {type: string}, example: bytes=0-99}
            - {name: If-None-Match, in: header, schema: {type: string}}
          responses:
            "200": {$ref: "#/components/responses/File"}
            "206": {$ref: "#/components/responses/File"}
            "304": {description: The caller has this file.}
            default: {$ref: "#/components/responses/Problem"}
      /v1/tenant/{tenant}/reports:
        parameters:
          - name: tenant
            in: path
            required: true
            description: The platform's id of the tenant.
            schema: {type: string, minLength: 1}
        get:
          operationId: reports
          summary: A tenant's requests and reports, the newest first.
          parameters:
            - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
            - name: cursor
              in: query
              description: What the page before named as `next`.
              schema: {type: string, pattern: "^[1-9][0-9]{0,17}$"}
          responses:
            "200":
              description: A page.
              content: {application/json: {schema: {$ref: "#/components/schemas/Page"}}}
            default: {$ref: "#/components/responses/Problem"}

    """
  }

  private static let plain = """
      /healthz:
        get:
          operationId: health
          summary: Whether the process answers.
          security: []
          responses:
            "200": {description: It does., content: {text/plain: {schema: {type: string}}}}
            default: {$ref: "#/components/responses/Problem"}
      /readyz:
        get:
          operationId: ready
          summary: Whether the record, the store and the issuer's keys are there.
          security: []
          responses:
            "200": {description: They are., content: {text/plain: {schema: {type: string}}}}
            default: {$ref: "#/components/responses/Problem"}
      /metrics:
        get:
          operationId: metrics
          summary: Counts, for monitors. They name no tenant.
          security: []
          responses:
            "200":
              description: OpenMetrics.
              content: {application/openmetrics-text: {schema: {type: string}}}
            default: {$ref: "#/components/responses/Problem"}
      /openapi.yaml:
        get:
          operationId: document
          summary: This document.
          security: []
          responses:
            "200": {description: This., content: {application/yaml: {schema: {type: object}}}}
            default: {$ref: "#/components/responses/Problem"}

    """

  private static let failures = RequestFailure.allCases.map(\.rawValue).joined(separator: ", ")

  private static func components(_ settings: ServiceSettings) -> String {
    """
    components:
      securitySchemes:
        token:
          type: http
          scheme: bearer
          bearerFormat: JWT
          description: >-
            A token of the platform's issuer, signed with RS256, ES256 or EdDSA. Its tenant is the
            caller's. Scopes: \(settings.tokens.requestScope) to ask, \(settings.tokens.readScope) to
            read, \(settings.tokens.operatorScope) beside them to reach all tenants.
        link:
          type: apiKey
          in: query
          name: signature
          description: The link that a report names for a file. It works for some minutes.
      parameters:
        Id:
          name: id
          in: path
          required: true
          description: A report_id.
          schema: {$ref: "#/components/schemas/Id"}
        IdempotencyKey:
          name: Idempotency-Key
          in: header
          description: The same key and request give the same report_id, whatever happened in between.
          schema: {type: string, pattern: "^[A-Za-z0-9_-]{1,255}$"}
      responses:
        Asked:
          description: The request is written. A worker makes the report.
          headers:
            Location: {description: The request's address., schema: {type: string}}
          content:
            application/json:
              schema:
                type: object
                required: [report_id]
                properties: {report_id: {$ref: "#/components/schemas/Id"}}
        File:
          description: The bytes.
          headers:
            ETag: {schema: {type: string}}
          content: {"*/*": {}}
        Problem:
          description: Why not.
          content: {application/problem+json: {schema: {$ref: "#/components/schemas/Problem"}}}
      schemas:
        Id: {type: integer, format: int64, minimum: 1}
        Ask:
          type: object
          required: [tenant_id]
          additionalProperties: false
          properties:
            tenant_id:
              description: The platform's id of the tenant. It must be the token's.
              type: [string, integer]
            period:
              description: 2026, 2026-Q4, 2026-11, 2026-W48 or 2026-03-01..2026-05-15; without it, the current one.
              type: [string, "null"]
            user_id: {description: Who asks., type: [string, "null"], format: uuid}
        Report:
          type: object
          required: [report_id, report, state, asked]
          properties:
            report_id: {$ref: "#/components/schemas/Id"}
            report: {type: string}
            period: {type: string}
            state: {enum: [requested, running, published, failed, withdrawn, cancelled]}
            asked: {type: string, format: date-time}
            started: {type: string, format: date-time}
            finished: {type: string, format: date-time}
            ahead: {description: Requests of the tenant that wait before it., type: integer}
            error: {description: "Why it failed, in the language of Accept-Language.", type: string}
            failure: {enum: [\(failures)]}
            title: {type: string}
            files: {type: array, items: {$ref: "#/components/schemas/File"}}
        File:
          type: object
          required: [path, bytes, sha256, media_type, href]
          properties:
            path: {type: string}
            bytes: {type: integer}
            sha256: {type: string}
            media_type: {type: string}
            href: {description: The address for callers with a token., type: string}
            link: {description: The address that works without one for some minutes., type: string}
        Page:
          type: object
          required: [reports]
          properties:
            reports: {type: array, items: {$ref: "#/components/schemas/Report"}}
            next: {description: The cursor of the next page., type: string}
        Problem:
          type: object
          required: [type, title, status]
          properties:
            type: {type: string}
            title: {type: string}
            status: {type: integer}
            detail: {type: string}

    """
  }
}
