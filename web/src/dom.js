// dom.js - descriptions of elements, and the least change that makes the document match them.
//
// Strings become text nodes and nothing else: no data ever reaches a parser (docs/page.md, Security).

const SVG = 'http://www.w3.org/2000/svg';

// h('a', { href: '#/' }, 'text', other): children may be nested lists; null and false are left out.
export function h(tag, props, ...children) {
    const list = [];
    const add = (child) => {
        if (Array.isArray(child)) child.forEach(add);
        else if (child !== null && child !== undefined && child !== false)
            list.push(typeof child === 'object' ? child : { text: String(child) });
    };
    children.forEach(add);
    return { tag, props: props || {}, children: list, key: props ? props.key : undefined };
}

const listeners = new WeakMap();

function listen(el, name, handler) {
    let own = listeners.get(el);
    if (!own) listeners.set(el, (own = {}));
    if (!(name in own)) el.addEventListener(name, (event) => own[name] && own[name](event));
    own[name] = handler;
}

function setProp(el, name, value, before) {
    if (name === 'key' || name === 'hook') return;
    if (name.startsWith('on')) return listen(el, name.slice(2), value);
    if (name === 'style') {
        for (const key in before) if (!value || !(key in value)) el.style.removeProperty(key);
        for (const key in value)
            if (!before || before[key] !== value[key]) el.style.setProperty(key, value[key]);
        return;
    }
    if (name === 'value' || name === 'checked') {
        if (el[name] !== value) el[name] = value;
        return;
    }
    if (value === before) return;
    if (value === null || value === undefined || value === false) el.removeAttribute(name);
    else el.setAttribute(name, value === true ? '' : String(value));
}

function make(node, inSvg) {
    if (node.text !== undefined) return (node.el = document.createTextNode(node.text));
    const svg = inSvg || node.tag === 'svg';
    node.el = svg ? document.createElementNS(SVG, node.tag) : document.createElement(node.tag);
    reconcile(node.el, [], node.children, svg);
    for (const name in node.props) setProp(node.el, name, node.props[name], undefined);
    return node.el;
}

function mounted(node) {
    if (node.children) node.children.forEach(mounted);
    const hook = node.props && node.props.hook;
    if (hook) node.state = hook.mount(node.el, hook.data);
}

function unmounted(node) {
    if (node.children) node.children.forEach(unmounted);
    const hook = node.props && node.props.hook;
    if (hook && hook.unmount) hook.unmount(node.el, node.state);
}

function update(before, node, inSvg) {
    node.el = before.el;
    if (node.text !== undefined) {
        if (node.text !== before.text) node.el.data = node.text;
        return;
    }
    if (node === before) return;
    reconcile(node.el, before.children, node.children, inSvg || node.tag === 'svg');
    for (const name in before.props)
        if (!(name in node.props)) setProp(node.el, name, undefined, before.props[name]);
    for (const name in node.props) setProp(node.el, name, node.props[name], before.props[name]);
    if (node.props.hook) {
        node.state = before.state;
        if (node.props.hook.update)
            node.state = node.props.hook.update(node.el, node.props.hook.data, node.state);
    }
}

const nameOf = (node, i) => (node.text !== undefined ? 't' + i : node.tag + '/' + (node.key ?? i));

function reconcile(el, before, now, inSvg) {
    const known = new Map();
    before.forEach((node, i) => known.set(nameOf(node, i), node));
    const fresh = [];
    now.forEach((node, i) => {
        const name = nameOf(node, i),
            old = known.get(name);
        if (old && !!(old.props && old.props.hook) === !!(node.props && node.props.hook)) {
            known.delete(name);
            update(old, node, inSvg);
        } else {
            make(node, inSvg);
            fresh.push(node);
        }
    });
    for (const gone of known.values()) {
        unmounted(gone);
        gone.el.remove();
    }
    let at = el.firstChild;
    for (const node of now) {
        if (node.el === at) at = at.nextSibling;
        else el.insertBefore(node.el, at);
    }
    if (el.isConnected) fresh.forEach(mounted);
}

const drawn = new WeakMap();

// Makes the children of el match the descriptions.
export function render(el, nodes) {
    const list = (Array.isArray(nodes) ? nodes : [nodes]).filter(Boolean);
    reconcile(el, drawn.get(el) || [], list, false);
    drawn.set(el, list);
}
