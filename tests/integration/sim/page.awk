# tests/integration/sim/page.awk - a page, and behind it a script that writes what a browser made of it:
# how many plots were drawn and how large, words of a drawing that stand on each other or leave it, and
# whether the page is wider than its window. The page itself stays as it is.
/<\/body>/ {
    print "<script>"
    print "addEventListener('load',()=>{const o=[],hits=[];let least=1e9;"
    print "const all=[...document.querySelectorAll('svg.plot')];"
    print "for(const s of all){const c=s.getBoundingClientRect();least=Math.min(least,c.width,c.height);"
    print "const words=[...s.querySelectorAll('text')].map(t=>{const m=t.getScreenCTM(),b=t.getBBox();"
    print "const at=(x,y)=>new DOMPoint(x,y).matrixTransform(m);"
    print "return {word:t.lastChild?t.lastChild.data:'',c:[at(b.x,b.y),at(b.x+b.width,b.y),"
    print "at(b.x+b.width,b.y+b.height),at(b.x,b.y+b.height)]}});"
    # Two rectangles, turned as they may be, are apart when one of their four directions separates them.
    print "const apart=(p,q)=>[p,q].some(r=>[0,1].some(i=>{const x=r[i+1].x-r[i].x,y=r[i+1].y-r[i].y;"
    print "const n=Math.hypot(x,y)||1,f=v=>(v.x*x+v.y*y)/n,a=p.map(f),b=q.map(f);"
    print "return Math.max(...a)<Math.min(...b)+1||Math.max(...b)<Math.min(...a)+1}));"
    print "words.forEach((w,i)=>{if(w.c.some(p=>p.x<c.left-1||p.x>c.right+1||p.y<c.top-1||p.y>c.bottom+1))"
    print "hits.push('outside: '+w.word);"
    print "words.slice(0,i).forEach(v=>{if(!apart(v.c,w.c))hits.push(v.word+' on '+w.word)})})}"
    print "const d=document.documentElement;"
    print "o.push('plots '+all.length,'least '+(least>=100),'wide '+(d.scrollWidth>innerWidth),"
    print "'live '+document.body.classList.contains('live'),'hits '+hits.length,...hits.slice(0,5));"
    print "const p=document.createElement('pre');p.id='seen';p.textContent=o.join('\\n');"
    print "document.body.append(p)});"
    print "</script>"
}
{ print }
