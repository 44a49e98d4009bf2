"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
const printWidth = 640; // CSS pixels between the margins of A4

for (const [key, figure] of Object.entries(figures)) {
  Plotly.newPlot(key, figure.data, figure.layout, {
    responsive: true,
    displaylogo: false,
    displayModeBar: figure.zooms ? undefined : false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "toImage"],
    showTips: false,
  });
}

function relayoutAll(update) {
  for (const key of Object.keys(figures)) Plotly.relayout(key, update(key));
}

window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  relayoutAll(() => ({ width: printWidth }));
});
window.addEventListener("afterprint", () => relayoutAll(() => ({ width: null, autosize: true })));
