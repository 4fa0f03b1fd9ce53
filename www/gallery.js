// The live elements of the demo page. They show the jobs of the demo if the address has a token for them; without one, as on a
// server that has no demo, the page shows the code alone.

import { demoToken, forgetDemo } from "./access.js";
import { claimsOf } from "./token.js";

const { jobs: [demo] = [], exp = 0 } = claimsOf(demoToken) ?? {};

/** Puts the elements in place of their templates. The demo job is `<demo>`; the others, `<demo>-<name>`, are each in one state. */
const show = () => {
  for (const template of document.querySelectorAll("template.live")) {
    const content = template.content.cloneNode(true);
    for (const element of content.querySelectorAll("job-progress")) {
      const { name } = element.dataset;
      element.setAttribute("job", name ? `${demo}-${name}` : demo);
      element.setAttribute("token", demoToken);
    }
    for (const link of content.querySelectorAll("a.job")) link.href = `/job#${encodeURIComponent(demo)}&${demoToken}`;
    template.before(content);
  }
  // The code for these elements is copied with the token of the demo, so that it works on any page.
  for (const job of document.querySelectorAll("code .job")) job.textContent = demo;
  for (const token of document.querySelectorAll("code .token")) token.dataset.copy = demoToken;
};

for (const origin of document.querySelectorAll(".origin")) origin.textContent = location.origin;

if (demo && exp * 1_000 > Date.now()) {
  show();
  // A token of another server, or of a data folder that was deleted.
  document.addEventListener("job-progress-problem", ({ target, detail }) => {
    if (target.token === demoToken && ["UNAUTHENTICATED", "ACCESS_DENIED"].includes(detail.error)) forgetDemo();
  });
}
