// What Keycloak's pages lack, added to them as they are: a copy of a page would have to follow every upgrade.
document.addEventListener("DOMContentLoaded", () => {
  // A guardian's own device alone may keep a sign-in for months. Nobody is known before they have signed in, but a
  // guardian's sign-in name says what it is (services/identity/keycloak/rules.py); without this the box is not shown.
  const name = document.getElementById("username");
  const keep = document.getElementById("rememberMe");
  if (name && keep) {
    const look = () => {
      const family = name.value.trim().toLowerCase().startsWith("g-");
      document.documentElement.toggleAttribute("data-family", family);
      keep.checked &&= family;
    };
    name.addEventListener("input", look);
    name.addEventListener("change", look);
    look();
  }

  // A name that was typed before, with a label that names a field which is not there.
  const typed = document.getElementById("kc-attempted-username");
  const label = document.querySelector("label[for='username']");
  if (typed && label && !name) label.htmlFor = typed.id;

  // The page that sets up an authenticator app: labels that belong to no field, a picture that says nothing.
  for (const label of document.querySelectorAll("label[for='form-vertical-name']")) {
    const field = label.closest(".pf-v5-c-form__group")?.querySelector("input:not([type='hidden'])");
    if (field) label.htmlFor = field.id;
  }
  const pattern = document.getElementById("kc-totp-secret-qr-code");
  if (pattern && document.documentElement.lang === "ja") pattern.alt = "認証アプリで読み取る四角い模様";
});
