import sys, time, cProfile, pstats, io
sys.path.insert(0,'/work/main/benchmarks')
import numpy as np
from PIL import Image
from io import BytesIO
def test_profile(browser, user, make_image):
    from rendering_tile import fluorescence, best_time
    planes=np.stack([fluorescence(512,c) for c in range(3)])[None,:,None]
    im=make_image(user, planes)
    url=f"/webgateway/render_image_region/{im.id}/0/0/?region=0,0,512,512&c=1|100:3000$FF8000,2|100:3000$20FF80,3|100:3000$8020FF&m=c"
    r=browser.get(url); assert r.status_code==200, r.content[:300]
    rgb=Image.open(BytesIO(r.content)).convert('RGB')
    n=[0]
    def get():
        n[0]+=1
        r=browser.get(url.replace(':3000$FF',f':{3000+n[0]%50}$FF')); assert r.status_code==200
    for rep in range(3):
        unit=best_time(lambda: rgb.save(BytesIO(),'JPEG',quality=85,subsampling=2),100)
        t=best_time(get,100)
        same=best_time(lambda: browser.get(url),100)
        print('unit',unit,'get varying',t,t/unit,'same',same,same/unit)
    p=cProfile.Profile(); p.enable()
    for _ in range(50): browser.get(url)
    p.disable(); s=io.StringIO(); pstats.Stats(p,stream=s).sort_stats('tottime').print_stats(28); print(s.getvalue())
