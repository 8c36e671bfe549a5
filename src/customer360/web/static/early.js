// Runs before the modules: sets the chosen theme, so that the other one does not flash, and requests the numbers.
{
  const isForced = matchMedia("(forced-colors: active)").matches; // the system's colours replace light and dark
  document.documentElement.dataset.theme = (!isForced && localStorage.getItem("theme")) || "auto";
  const href = `/api/pages${location.pathname}${location.search}`;
  const link = { rel: "preload", as: "fetch", crossOrigin: "anonymous", href };
  const isOne = !new URLSearchParams(location.search).has("compare"); // a comparison sends two other requests
  const isReport = !/^\/customers(\/|$)/.test(location.pathname); // a list is requested once: it is logged
  if (isOne && isReport) document.head.append(Object.assign(document.createElement("link"), link));
}
