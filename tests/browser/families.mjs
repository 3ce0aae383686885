// The families of pages, each with an address, who looks at it and what is answered. Addresses of job requests and
// jobs are those that the demonstration's event log leads to.

import { checker, files, inside, release } from "./releasing.mjs";

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
  ["releases-bare", `${workspace}releases/`],
  ["project-releases-bare", `${project}releases/`],
  ["outputs-list", `${workspace}outputs/`],
  ["outputs-list-empty", `${project}vaccine-uptake-care-homes/outputs/`],
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
  ["releases", `${workspace}releases/`],
  ["project-releases", `${project}releases/`],
  ["outputs-list-drafts", `${workspace}outputs/`],
  ["outputs-prepare", `${workspace}outputs/latest/prepare/`],
  ["outputs-prepare-nothing", `${project}vaccine-uptake-care-homes/outputs/latest/prepare/`],
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

const staff = [
  ["staff", "/staff/"],
  ["staff-search", "/staff/?q=vaccine"],
  ["staff-users", "/staff/users/"],
  ["staff-users-nobody", "/staff/users/?q=nobody-of-this-name"],
  ["staff-user", "/staff/users/chiara-ricci/"],
  ["staff-user-roles", "/staff/users/chiara-ricci/roles/"],
  ["staff-user-orgs", "/staff/users/chiara-ricci/set-orgs/"],
  ["staff-user-log", "/staff/users/chiara-ricci/audit-log/"],
  ["staff-user-add", "/staff/users/add/"],
  ["staff-project-add", "/staff/projects/add/"],
  ["staff-user-create", "/staff/users/create/"],
  ["staff-invitations", "/staff/invitations/"],
  ["staff-invitation-add", "/staff/invitations/add/"],
  ["staff-backends", "/staff/backends/"],
  ["staff-backend", "/staff/backends/1/"],
  ["staff-backend-add", "/staff/backends/add/"],
  ["staff-backend-edit", "/staff/backends/1/edit/"],
  ["staff-backend-token", "/staff/backends/1/rotate-token/"],
  ["staff-orgs", "/staff/orgs/"],
  ["staff-org", "/staff/orgs/northbridge-university/"],
  ["staff-org-add", "/staff/orgs/add/"],
  ["staff-org-edit", "/staff/orgs/northbridge-university/edit/"],
  ["staff-projects", "/staff/projects/"],
  ["staff-project", `/staff/projects${project}`],
  ["staff-project-create", "/staff/projects/create/"],
  ["staff-project-edit", `/staff/projects${project}edit/`],
  ["staff-project-add-member", `/staff/projects${project}add-member/`],
  ["staff-project-log", `/staff/projects${project}audit-log/`],
  ["staff-project-data", `/staff/projects${project}data-permissions/`],
  ["staff-data", "/staff/data-permissions/"],
  ["staff-workspaces", "/staff/workspaces/"],
  ["staff-workspace", "/staff/workspaces/vaccine-uptake/"],
  ["staff-workspace-edit", "/staff/workspaces/vaccine-uptake/edit/"],
  ["staff-redirects", "/staff/redirects/"],
  ["staff-job-requests", "/staff/job-requests/"],
  ["staff-job-request", "/staff/job-requests/1/"],
  ["staff-repos", "/staff/repos/"],
  ["staff-repo", `/staff/repos/${repository("demo-cohort")}/`],
  ["staff-dashboards", "/staff/dashboards/"],
  ["staff-copiloting", "/staff/dashboards/copiloting/"],
  ["staff-dashboard-projects", "/staff/dashboards/project/"],
  ["staff-dashboard-repos", "/staff/dashboards/repos/"],
  ["staff-dashboard-shared-repos", "/staff/dashboards/repos-with-multiple-projects/"],
  ["staff-alerts", "/staff/site-alerts/"],
  ["staff-alert-add", "/staff/site-alerts/add/"],
  ["staff-outbox", "/staff/outbox/"],
  ["staff-schedules", "/staff/schedules/"],
  ["staff-events", "/staff/events/"],
  ["staff-sentry", "/staff/sentry/"],
];

// What was released, for who may see it.
async function outputs() {
  const its = await release("families", files);
  await inside("families-inside", files).then((server) => server.close());
  return [
    ["release-files", its],
    ["release-table", `${its}output/tables/uptake.csv`],
    ["release-log", `${its}output/logs/model.log`],
    ["release-json", `${its}output/model.json`],
    ["release-image", `${its}output/plots/rates.svg`],
    ["release-no-preview", `${its}output/model.feather`],
    ["latest-outputs", `${workspace}outputs/latest/`],
    ["inside-backends", `${workspace}files/`],
  ];
}

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
    ...of(await outputs(), checker),
    ...of(nobody, "tom-nobody-yet"),
    ...of(staff, "demo-admin"),
  ];
}
