/** The part of the charting library that the page uses; options are what its manual says. */

interface Chart {
  setOption(option: object, how: { notMerge?: boolean; silent?: boolean; lazyUpdate?: boolean }): void;
  on(name: "click" | "mouseover" | "mouseout", listener: (hit: { dataIndex: number; name: string; event: { event: MouseEvent } }) => void): void;
  getZr(): Pen;
  getWidth(): number;
  getHeight(): number;
  getModel(): { getSeriesByIndex(at: number): { getData(): { getItemLayout(at: number): Tile } } };
  resize(size: { width: number; height: number }): void;
  convertFromPixel(finder: { gridIndex: number }, pixel: [number, number]): [number, number];
  dispatchAction(action: { type: string; [detail: string]: unknown }): void;
  renderToCanvas(options: { pixelRatio: number }): HTMLCanvasElement;
}

interface Pen {
  on(name: "click" | "mousemove", listener: (event: PenEvent) => void): void;
  setCursorStyle(style: string): void;
}

interface PenEvent {
  offsetX: number;
  offsetY: number;
  event: MouseEvent;
}

interface Tile {
  width: number;
  height: number;
}

export function init(canvas: HTMLElement, theme: null, options: { renderer: string; width: number; height: number }): Chart;
export type { Chart, PenEvent };
