// A backend of the tests' own: it takes up and reports what a test says, when the test says it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { base } from "./site.mjs";

const letters = "abcdefghijklmnopqrstuvwxyz234567";
const identifier = () => Array.from({ length: 16 }, () => letters[Math.floor(Math.random() * letters.length)]).join("");

export class Backend {
  constructor(slug, username) {
    this.slug = slug;
    this.token = execFileSync(process.env.PROGRAM, ["create_backend", slug, "--user", username, "--rotate", "--quiet"], {
      encoding: "utf8",
    }).trim();
    this.identifiers = new Map();
  }

  async call(path, options = {}) {
    const answer = await fetch(`${base}/api/v2/${path}`, {
      ...options,
      headers: { Authorization: this.token, "Content-Type": "application/json" },
    });
    assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
    return answer.json();
  }

  // The newest job request that is not over; the site lists that first.
  async newest() {
    const { results } = await this.call("job-requests/");
    assert.ok(results.length > 0, "no job request waits for the backend");
    return results[0];
  }

  // Reports the jobs of a request: `{action: [status, code, message]}`.
  async report(request, jobs) {
    const now = new Date().toISOString();
    const body = Object.entries(jobs).map(([action, [status, code, message]]) => {
      const key = `${request.identifier} ${action}`;
      if (!this.identifiers.has(key)) this.identifiers.set(key, identifier());
      const over = status === "failed" || status === "succeeded";
      return {
        job_request_id: request.identifier,
        identifier: this.identifiers.get(key),
        action,
        run_command: "python:latest python analysis/uptake.py",
        status,
        status_code: code,
        status_message: message,
        created_at: now,
        updated_at: now,
        started_at: status === "pending" ? null : now,
        completed_at: over ? now : null,
        trace_context: {},
        metrics: {},
      };
    });
    const answer = await fetch(`${base}/api/v2/jobs/`, {
      method: "POST",
      headers: { Authorization: this.token, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200, await answer.text());
  }
}
