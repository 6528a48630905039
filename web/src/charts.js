// charts.js - lines over epochs (uPlot), and canvases that follow the size of their place.

const styleOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const colour = (name) => styleOf('--' + name) || '#888';

// Forced colours and dark both redraw what is drawn manually.
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

const INCREMENTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

// A line with a band is three: the middle one, and above and below it two that are not drawn.
const drawnLines = (data) =>
    data.lines.flatMap((l) => (l.low ? [l, { of: l, values: l.high }, { of: l, values: l.low }] : [l]));

// A point between two gaps is no line: it is a dot.
const alone = (values) => {
    const there = (v) => v !== null && v !== undefined;
    return values
        .map((v, i) => i)
        .filter((i) => there(values[i]) && !there(values[i - 1]) && !there(values[i + 1]));
};

function seriesOf(l) {
    if (l.of)
        return { show: !l.of.off, stroke: 'transparent', width: 0, points: { show: false }, spanGaps: false };
    const single = alone(l.values);
    return {
        label: l.label,
        show: !l.off,
        stroke: colour(l.colour),
        width: l.width || 1.75,
        dash: l.dash,
        points: l.dots ? { show: true, size: 6 } : { show: single.length > 0, filter: () => single },
        spanGaps: l.gaps ? false : true,
    };
}

const bandsOf = (list) =>
    list.flatMap((l, i) =>
        l.low && !l.off ? [{ series: [i + 2, i + 3], fill: colour(l.colour) + '2e' }] : [],
    );

// Where the ground is darker: from 0, nowhere, to 1, of each x; a piece ends half way to the next.
function drawShade(u, data) {
    const { ctx } = u,
        { left, top, width: w, height: tall } = u.bbox,
        at = (x) => Math.max(left, Math.min(left + w, u.valToPos(x, 'x', true)));
    ctx.save();
    ctx.fillStyle = colour('muted');
    data.shade.forEach((part, i) => {
        if (!(part > 0)) return;
        const x = data.x,
            from = i > 0 ? (x[i - 1] + x[i]) / 2 : x[i] - 0.5,
            to = i + 1 < x.length ? (x[i] + x[i + 1]) / 2 : x[i] + 0.5;
        ctx.globalAlpha = 0.28 * Math.min(1, part);
        ctx.fillRect(at(from), top, Math.max(1, at(to) - at(from)), tall);
    });
    ctx.restore();
}

const MARKS = { bad: 'suspended', warn: 'warning', good: 'full' };

// Events: a line through the plot at their epoch, coloured and dashed by how bad they are.
function drawMarks(u, data) {
    const { ctx } = u,
        { left, top, width: w, height: tall } = u.bbox,
        px = window.devicePixelRatio || 1;
    ctx.save();
    ctx.lineWidth = 1.5 * px;
    for (const [epoch, tone] of data.marks) {
        const x = Math.round(u.valToPos(epoch, 'x', true));
        if (x < left || x > left + w) continue;
        ctx.strokeStyle = ctx.fillStyle = colour(MARKS[tone]);
        ctx.setLineDash(tone === 'bad' ? [] : tone === 'warn' ? [6 * px, 3 * px] : [2 * px, 3 * px]);
        ctx.globalAlpha = 0.5;
        ctx.beginPath();
        ctx.moveTo(x, top);
        ctx.lineTo(x, top + tall);
        ctx.stroke();
        ctx.globalAlpha = 1;
        ctx.fillRect(x - 2.5 * px, top, 5 * px, 5 * px);
    }
    ctx.restore();
}

function drawBounds(u, data) {
    const { ctx } = u,
        { left, width: w } = u.bbox,
        px = window.devicePixelRatio || 1;
    let last = NaN;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour('muted');
    ctx.font = `${11 * px}px system-ui, sans-serif`;
    ctx.textAlign = 'right';
    ctx.textBaseline = 'bottom';
    for (const [value, word] of data.bounds) {
        const y = Math.round(u.valToPos(value, 'y', true));
        ctx.globalAlpha = 0.55;
        ctx.setLineDash([4 * px, 4 * px]);
        ctx.beginPath();
        ctx.moveTo(left, y);
        ctx.lineTo(left + w, y);
        ctx.stroke();
        ctx.globalAlpha = 1;
        if (data.words && !(Math.abs(y - last) < 14 * px)) ctx.fillText(word, left + w - 4 * px, y - 2 * px);
        last = y;
    }
    ctx.restore();
}

// data: { x: [], lines: [{ label, values, low, high, colour, width, dash, dots, gaps, off }],
//         bounds: [[value, label]], marks: [[x, tone]], words, shade, max, zero, whole, real, xLabel, unit(value),
//         onread(index) }
function options(data, width, height) {
    const line = colour('line'),
        muted = colour('muted');
    const font = '12px system-ui, sans-serif';
    const axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const list = drawnLines(data);
    const upTo = (u, low, high) => {
        const top = Math.max(high || 0, ...(data.bounds || []).map(([value]) => value));
        return [0, top > 0 ? top * 1.04 : 1];
    };
    return {
        width,
        height,
        padding: [8, 12, 0, 0],
        legend: { show: false },
        cursor: { drag: { x: true, y: false }, points: { size: 7 }, y: false, sync: { key: 'epochs' } },
        scales: {
            x: {
                time: false,
                range: data.x.length === 1 ? () => [data.x[0] - 0.5, data.x[0] + 0.5] : undefined,
            },
            y: { range: data.max ? [0, data.max] : data.zero ? upTo : undefined },
        },
        axes: [
            {
                ...axis,
                incrs: data.real ? undefined : INCREMENTS,
                space: 70,
                size: 30,
                gap: 6,
                ...(data.xLabel ? { label: data.xLabel, labelFont: font, labelSize: 18 } : {}),
            },
            {
                ...axis,
                size: 58,
                gap: 6,
                space: 36,
                values: (u, ticks) => ticks.map(data.tick || data.unit),
                ...(data.whole ? { incrs: INCREMENTS } : {}),
            },
        ],
        series: [{}, ...list.map(seriesOf)],
        bands: bandsOf(list),
        hooks: {
            drawAxes: [
                (u) => data.shade && drawShade(u, data),
                (u) => data.marks && drawMarks(u, data),
                (u) => data.bounds && drawBounds(u, data),
            ],
            setCursor: [(u) => data.onread && data.onread(u.cursor.idx)],
        },
    };
}

const shapeOf = (data) =>
    data.lines.map((l) => l.label + l.colour + !!l.off + !!l.low).join() + (data.marks || []).join();
const columns = (data) => [data.x, ...drawnLines(data).map((l) => l.values)];

export function lines(height) {
    const build = (el, state) => {
        if (state.plot) state.plot.destroy();
        const width = Math.max(120, Math.floor(el.getBoundingClientRect().width));
        state.plot = new uPlot(options(state.data, width, height), columns(state.data), el);
        state.shape = shapeOf(state.data);
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
            if (shapeOf(data) !== state.shape) build(el, state);
            else state.plot.setData(columns(data));
            return state;
        },
        unmount(el, state) {
            state.watch.disconnect();
            redraws.delete(state.again);
            state.plot.destroy();
        },
    };
}
