// What cannot wait for the modules: the chosen theme, or the other one would flash, and the page's numbers.
{
  const isForced = matchMedia("(forced-colors: active)").matches; // the system's colours are neither light nor dark
  document.documentElement.dataset.theme = (!isForced && localStorage.getItem("theme")) || "auto";
  const href = `/api/pages${location.pathname}${location.search}`;
  const link = { rel: "preload", as: "fetch", crossOrigin: "anonymous", href };
  const isOne = !new URLSearchParams(location.search).has("compare"); // that asks twice, for other addresses
  const isReport = !/^\/customers(\/|$)/.test(location.pathname); // a list is asked for once: it is logged
  if (isOne && isReport) document.head.append(Object.assign(document.createElement("link"), link));
}
