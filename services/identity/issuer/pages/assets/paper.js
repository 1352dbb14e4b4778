// The QR code's address ends in #CODE, which no server sees. It goes into the field, and out of the browser's history.
const field = document.getElementById("paper_code")
const code = decodeURIComponent(location.hash.slice(1))
if (code) history.replaceState(null, "", location.pathname + location.search)
if (code && field && !field.value) {
  field.value = code.replace(/(.{4})(?=.)/g, "$1-")
  field.form.requestSubmit()
}
