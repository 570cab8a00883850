import json
def test_q(browser,image):
    d=browser.get(f"/webgateway/imgData/{image.id}/").json()
    print(json.dumps(d,indent=1))
    r=browser.get(f"/webgateway/render_image/{image.id}/0/0/")
    open("/tmp/c3.jpg","wb").write(r.content)
