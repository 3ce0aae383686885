// The families of pages, each with an address, who looks at it and what is answered. Addresses of job requests and
// jobs are those that the demonstration's event log leads to.

const project = "/influenza-vaccine-uptake/";
const workspace = `${project}vaccine-uptake/`;

// Where the first row of a list leads; nothing when the list is empty.
async function first(page, path, pattern) {
  await page.goto(path);
  const links = await page.locator("main a").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  return links.find((href) => pattern.test(href ?? ""));
}

const request = /^\/[a-z0-9-]+\/[\w-]+\/\d+\/$/;
const job = /^\/[a-z0-9-]+\/[\w-]+\/\d+\/[a-z2-7]{16}\/$/;

// The addresses that are not fixed, by looking for them as an anonymous visitor.
async function found(page) {
  const families = [];
  for (const status of ["failed", "succeeded", "running", "pending"]) {
    const path = await first(page, `/event-log/?status=${status}`, request);
    if (!path) throw new Error(`the event log has no job request that is ${status}`);
    families.push({ name: `job-request-${status}`, path });
    const its = await first(page, path, job);
    if (its) families.push({ name: `job-${status}`, path: its });
  }
  const cancelled = await first(page, "/event-log/?status=unknown", request);
  if (cancelled) families.push({ name: "job-request-unknown", path: cancelled });
  return families;
}

const anonymous = [
  ["home", "/"],
  ["event-log", "/event-log/"],
  ["event-log-filtered", "/event-log/?backend=tpp&status=failed"],
  ["event-log-empty", "/event-log/?user=nobody-of-this-name"],
  ["event-log-last", "/event-log/?page=last"],
  ["organisations", "/organisations/"],
  ["org", "/orgs/northbridge-university/"],
  ["org-logs", "/orgs/northbridge-university/logs/"],
  ["users", "/users/"],
  ["user", "/users/demo-researcher/"],
  ["user-empty", "/users/tom-nobody-yet/"],
  ["user-logs", "/users/demo-researcher/logs/"],
  ["user-logs-empty", "/users/tom-nobody-yet/logs/"],
  ["project", project],
  ["project-members", `${project}members/`],
  ["project-logs", `${project}logs/`],
  ["workspace", workspace],
  ["workspace-archived", `${project}vaccine-uptake-2024/`],
  ["workspace-logs", `${workspace}logs/`],
  ["workspace-logs-nothing", `${workspace}logs/?q=no+such+action`],
  ["search", "/search/?q=vaccine"],
  ["search-empty", "/search/?q=nothing-is-called-this"],
  ["search-start", "/search/"],
  ["status", "/status/"],
  ["login", "/login/"],
  ["dev-mails", "/dev/mail/"],
  ["api-docs", "/api/docs/"],
  ["components", "/ui-components/"],
  ["error-404", "/no/such/page/here/", 404],
  ["error-400", "/400", 400],
  ["error-403", "/403", 403],
  ["error-413", "/413", 413],
  ["error-429", "/429", 429],
  ["error-500", "/500", 500],
  ["error-503", "/503", 503],
];

const repository = (name) => encodeURIComponent(encodeURIComponent(`https://github.com/opensafely/${name}`));
const repos = [
  ["repo", `/repo/${repository("demo-cohort")}/`],
  ["repo-unknown", `/repo/${repository("no-such-repository")}/`, 404],
];

const researcher = [
  ["home-signed-in", "/"],
  ["run-jobs", `${workspace}run-jobs/`],
  ["run-jobs-no-such-commit", `${workspace}run-jobs/no-such-branch/`],
  ["workspace-create", `${project}new-workspace/`],
  ["workspace-edit", `${workspace}edit/`],
  ["workspace-member", workspace],
  ["workspace-archived-member", `${project}vaccine-uptake-2024/`],
  ["project-member", project],
  ["project-edit", `${project}edit/`],
  ["your-projects", "/projects/"],
  ["your-workspaces", "/workspaces/"],
  ["your-orgs", "/orgs/"],
  ["sign-off", `/publish-repo/${repository("demo-long-covid")}/`],
  ["settings", "/settings/"],
  ["forbidden", "/data-quality-checks/new-workspace/", 403],
];

const nobody = [
  ["home-new", "/"],
  ["your-projects-empty", "/projects/"],
  ["your-workspaces-empty", "/workspaces/"],
  ["your-orgs-empty", "/orgs/"],
];

// All families: `{name, path, status, username}`.
export async function families(page) {
  const of = (list, username) => list.map(([name, path, status = 200]) => ({ name, path, status, username }));
  const dynamic = await found(page);
  const own = [];
  for (const status of ["failed", "running", "succeeded"]) {
    const its = await first(page, `/event-log/?user=demo-researcher&status=${status}`, request);
    own.push({ name: `job-request-${status}-own`, path: its, status: 200, username: "demo-researcher" });
    const one = await first(page, its, job);
    if (one) own.push({ name: `job-${status}-own`, path: one, status: 200, username: "demo-researcher" });
  }
  return [
    ...of(anonymous),
    ...of(repos),
    ...dynamic.map((family) => ({ status: 200, ...family })),
    ...of(researcher, "demo-researcher"),
    ...own,
    ...of(nobody, "tom-nobody-yet"),
  ];
}
