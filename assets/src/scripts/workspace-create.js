/*
 * The list of branches follows the chosen repository. Without scripts the server offers every branch, grouped by repository.
 * @typedef {{name: string, url: string, branches: string[]}} Repo
 */
const data = document.getElementById("repos-with-branches");
const repo = document.getElementById("id_repo");
const branch = document.getElementById("id_branch");

function option(value, text, selected) {
  const el = document.createElement("option");
  el.value = value;
  el.textContent = text;
  el.selected = selected;
  return el;
}

/** @param {Repo[]} repos */
function start(repos) {
  let wanted = branch.value;
  const show = () => {
    const branches = repos.find((r) => r.url === repo.value)?.branches ?? [];
    const preferred = [wanted, "main", "master"].find((name) => branches.includes(name));
    branch.replaceChildren(
      ...(branches.length === 0
        ? [
            option(
              "",
              repo.value ? "This repository has no branches" : "Choose a repository first",
              true,
            ),
          ]
        : branches.map((name) => option(name, name, name === preferred))),
    );
    branch.disabled = branches.length === 0;
  };
  repo.addEventListener("change", () => {
    wanted = "";
    show();
  });
  show();
}

if (data && repo && branch) start(JSON.parse(data.textContent));
