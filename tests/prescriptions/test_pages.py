import pytest
from tests.factories import *
from tests.prescriptions.conftest import *
pytestmark=pytest.mark.django_db
def test_smoke(browser,doctor,pharmacist,patient):
    c=browser(doctor); p=f"/prescriptions/patients/{patient.pk}/"
    r=c.get(p); assert r.status_code==200
    r=c.get(p+"new?q=amox"); assert r.status_code==200, r
    assert "amoxicillin" in r.content.decode()
    r=c.get(p+"new?q=amox",headers={"HX-Request":"true"}); assert "<html" not in r.content.decode()
    m=medication("amoxicillin 500 mg, capsule")
    allergy(patient,"penicillin",reaction="rash")
    r=c.post(p+"new",{"medication":str(m.pk)}); assert r.status_code==302,r.content.decode()
    u=r["Location"]; r=c.get(u); assert r.status_code==200
    t=r.content.decode(); assert "Allergic to a penicillin" in t
    data={"dose":"1","frequency":"twice_daily","duration_days":"7","repeats":"0","may_substitute":"on"}
    r=c.post(u+"/change",data,headers={"HX-Request":"true"}); print(r.content.decode())
    r=c.post(u+"/sign",data); assert r.status_code==422; t=r.content.decode(); assert "Choose a reason to go on" in t
    import re
    f=re.search(r'name="(reason\.[^"]+)"',t)[1]
    r=c.post(u+"/sign",data|{f:"not_true_allergy"}); assert r.status_code==302, r.content.decode()
    assert c.get("/").status_code==200; assert c.get("/prescriptions/").status_code==200
    assert c.get(u).status_code==200
    assert c.get(f"/patients/{patient.pk}/").status_code==200
    d=browser(pharmacist)
    assert d.get("/prescriptions/dispensary").status_code==200
    assert d.get("/").status_code==200
    assert d.get(u).status_code==200
    r=d.post(u+"/ready"); assert r.status_code==302
    for s in Prescription.OPEN: assert d.get("/prescriptions/dispensary?show="+s).status_code==200
    assert d.get(u+"/pick-up").status_code==200
    assert d.post(u+"/pick-up",{"name":"x"}).status_code==422
    q=browser(portal_user(patient)); assert q.get("/portal/medicines").status_code==200; assert q.get("/portal/").status_code==200
    r=d.post(u+"/pick-up",{"name":"x y","relation":"self","identity_checked":"on"}); assert r.status_code==302
    assert q.get("/portal/medicines").status_code==200; assert q.get("/portal/").status_code==200
    assert d.get(u).status_code==200
    assert c.get(p).status_code==200
