// Fetches the page again every so often and puts its drawing in place of the old one.
const chart = document.getElementById("chart")
const seconds = Number(chart.dataset.update)
if (seconds > 0) setInterval(async () => {
  if (document.hidden) return
  try {
    const answer = await fetch(location.href, { cache: "no-store" })
    if (!answer.ok) return
    const page = new DOMParser().parseFromString(await answer.text(), "text/html")
    const drawing = page.querySelector("#chart svg")
    if (drawing) chart.querySelector("svg").replaceWith(document.importNode(drawing, true))
  } catch { /* the line is down: the old drawing stays */ }
}, seconds * 1000)
