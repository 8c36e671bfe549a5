// What cannot wait for the modules: the chosen theme, or the other one would flash, and the page's numbers.
{
  document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "auto";
  const href = `/api/pages${location.pathname}${location.search}`;
  const link = { rel: "preload", as: "fetch", crossOrigin: "anonymous", href };
  document.head.append(Object.assign(document.createElement("link"), link));
}
