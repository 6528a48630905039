// charts.js - lines over epochs (uPlot), and canvases that follow the size of their place.

const styleOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const colour = (name) => styleOf('--' + name) || '#888';

// Forced colours and dark both redraw what is drawn by hand.
export const redraws = new Set();
export const redrawAll = () => redraws.forEach((draw) => draw());

// A canvas hook: draw(ctx, width, height, data) whenever the data or the size changes.
export function canvas(draw, height) {
    return {
        mount(el, data) {
            const state = { data, frame: 0 };
            state.draw = () => {
                state.frame = 0;
                const ratio = window.devicePixelRatio || 1,
                    w = state.width,
                    hh = Math.max(
                        1,
                        Math.floor(typeof height === 'function' ? height(state.data, w) : height),
                    );
                if (w < 2) return;
                if (el.width !== Math.round(w * ratio) || el.height !== Math.round(hh * ratio)) {
                    el.width = Math.round(w * ratio);
                    el.height = Math.round(hh * ratio);
                    el.style.width = w + 'px';
                    el.style.height = hh + 'px';
                }
                const ctx = el.getContext('2d');
                ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
                ctx.clearRect(0, 0, w, hh);
                draw(ctx, w, hh, state.data, el);
            };
            state.ask = () => {
                if (!state.frame) state.frame = requestAnimationFrame(state.draw);
            };
            // Asked for once: to measure in each frame would lay out the page twice.
            state.width = Math.floor(el.parentElement.getBoundingClientRect().width);
            state.watch = new ResizeObserver(([place]) => {
                const width = Math.floor(place.contentRect.width);
                if (width === state.width) return;
                state.width = width;
                state.ask();
            });
            state.watch.observe(el.parentElement);
            redraws.add(state.ask);
            state.draw();
            return state;
        },
        update(el, data, state) {
            if (data !== state.data) {
                state.data = data;
                state.ask();
            }
            return state;
        },
        unmount(el, state) {
            state.watch.disconnect();
            redraws.delete(state.ask);
            cancelAnimationFrame(state.frame);
        },
    };
}

// data: { x: [], lines: [{ label, values, colour, width, dash, fill }], bounds: [[value, label]], max, unit(value), onread(text) }
function options(data, width, height) {
    const line = colour('line'),
        muted = colour('muted');
    const font = '12px system-ui, sans-serif';
    const axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    return {
        width,
        height,
        padding: [8, 12, 0, 0],
        legend: { show: false },
        cursor: { drag: { x: true, y: false }, points: { size: 7 }, y: false, sync: { key: 'epochs' } },
        scales: { x: { time: false }, y: { range: data.max ? [0, data.max] : undefined } },
        axes: [
            {
                ...axis,
                incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000],
                space: 70,
                size: 30,
                gap: 6,
            },
            { ...axis, size: 52, gap: 6, space: 36, values: (u, ticks) => ticks.map(data.unit) },
        ],
        series: [
            {},
            ...data.lines.map((l) => ({
                label: l.label,
                stroke: colour(l.colour),
                width: l.width || 1.75,
                dash: l.dash,
                points: { show: l.values.length < 2 },
                fill: l.fill ? colour(l.fill) : undefined,
                spanGaps: true,
            })),
        ],
        bands: data.bands,
        hooks: {
            drawAxes: [
                (u) => {
                    const { ctx } = u,
                        { left, width: w } = u.bbox,
                        px = window.devicePixelRatio || 1;
                    ctx.save();
                    ctx.setLineDash([4 * px, 4 * px]);
                    ctx.strokeStyle = muted;
                    ctx.globalAlpha = 0.55;
                    for (const [value] of data.bounds || []) {
                        const y = Math.round(u.valToPos(value, 'y', true));
                        ctx.beginPath();
                        ctx.moveTo(left, y);
                        ctx.lineTo(left + w, y);
                        ctx.stroke();
                    }
                    ctx.restore();
                },
            ],
            setCursor: [(u) => data.onread && data.onread(u.cursor.idx)],
        },
    };
}

export function lines(height) {
    const build = (el, state) => {
        if (state.plot) state.plot.destroy();
        const width = Math.max(120, Math.floor(el.getBoundingClientRect().width));
        state.plot = new uPlot(
            options(state.data, width, height),
            [state.data.x, ...state.data.lines.map((l) => l.values)],
            el,
        );
        state.shape = state.data.lines.map((l) => l.label + l.colour).join();
    };
    return {
        mount(el, data) {
            const state = { data };
            build(el, state);
            state.again = () => build(el, state);
            state.watch = new ResizeObserver(() => {
                const width = Math.floor(el.getBoundingClientRect().width);
                if (width > 40 && width !== state.plot.width) state.plot.setSize({ width, height });
            });
            state.watch.observe(el);
            redraws.add(state.again);
            return state;
        },
        update(el, data, state) {
            const old = state.data;
            state.data = data;
            if (data.stamp === old.stamp) return state;
            if (data.lines.map((l) => l.label + l.colour).join() !== state.shape) build(el, state);
            else state.plot.setData([data.x, ...data.lines.map((l) => l.values)]);
            return state;
        },
        unmount(el, state) {
            state.watch.disconnect();
            redraws.delete(state.again);
            state.plot.destroy();
        },
    };
}
