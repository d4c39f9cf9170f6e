"""Function words of languages that share a script: they tell apart neighbours whose letters are much alike.

About forty of the most frequent articles, pronouns, prepositions, conjunctions and auxiliaries of each. Neighbours
(da/no/sv, cs/sk, hr/sl, ca/es/pt/it, bg/mk/ru/uk) have about as many more each, words in which they differ: among
neighbours a longer list would be an advantage.
"""
# ruff: noqa: RUF001  letters of other alphabets are meant

from functools import cache
from typing import Final

_WORDS: Final = {
    "af": "die het van en nie is in wat vir om te dat met hy sy ek ons hulle hierdie aan by ook as maar jou jy was deur"
    " uit na sal kan word geword nog moet baie toe hom haar wees daar meer",
    "ca": "el la els les de del dels i en que per amb una un és no més al als com va ha han són aquest aquesta seva seu"
    " també però o si on molt entre sense fins pel pels ser hi ho li es tot ens perquè ja això aquests aquestes"
    " aquell altre altra altres molts té tenen fa pot poden anys any ni després abans només nostre nostra està"
    " estan què millor",
    "cs": "a je se na v že to z do s o i ve k si jako za by pro po ale od jsou jsem byl byla bylo který která které"
    " může při nebo také již jen jeho její když aby není být podle co až pouze ještě protože kde však mezi jsme"
    " jste jsi ho mu jim byli bude budou mít má mají tak ten této tento tom pokud více než velmi dnes let roku"
    " všechny všech jeden další první přes před bez jak nás vás nám vám pak tedy",
    "cy": "y yr yn a o i ar am mae oedd ei eu gan wedi i'r o'r a'r fod bod ac nid sydd hyn hon hwn at un fel ond neu"
    " roedd cael gyda bydd hefyd ddim eich ein rhai pan dros iawn",
    "da": "og i at er det en den til af på for med de som der et har han ikke var fra om men sig hvad hvor hvis efter"
    " blev bliver også meget nogle noget kun mig dig jeg være kan skal nu op mellem uden igen altid aldrig hvordan"
    " hvornår hvem kunne ved selv lige bedre mere flere deres vores hende hendes nej tak hele første sidste uge"
    " dag tid blive får fik gør gå går stå sige siger sagde ind ud hjem både mindre andet anden god godt tilbage"
    " mod gennem under over ligger bag side ifølge måske hedder sammen derfor heller alle sådan lidt rigtig nye",
    "de": "der die das und in den von zu mit ist des auf für im nicht dem eine ein sich als auch es an werden aus er"
    " hat dass sie nach wird bei einer um am sind noch wie einem über ich",
    "en": "the of and to in a is that for it was on with as be by at this are from or an have not they you his he had"
    " but were which their has been will we would there more",
    "es": "el la los las de del y en que por con una un es no más al como se su para lo fue son este esta ha sus pero o"
    " si muy entre sin hasta también ser hay le cuando desde todo yo nos porque donde ya esto estos estas ese esa"
    " otro otra otros mucho muchos tiene tienen hace puede pueden años año ni después antes sólo nuestro nuestra"
    " está están qué mejor",
    "et": "ja on ei et see ka kui oli mis ta seda ning oma aga või nii veel kes siis selle olid tema mida ole üks välja"
    " pärast kuid nende need mitte saab juba olla meie mina kuidas väga vaid nad",
    "fi": "ja on ei että se oli hän mutta myös ovat kun kuin joka tai niin sen mukaan jos en sekä vain ole tämä jo nyt"
    " olen hänen sitä voi mitä ollut siitä vielä kanssa mukana tässä joita olla hyvin",
    "fr": "le la les de des du et en que qui pour avec une un est dans ne pas plus au aux par sur se son sa ce cette il"
    " elle nous vous sont été ou mais comme ont leur être je",
    "hr": "i je u se na da su za od s o kao koji koja koje ili ali iz će biti bi nije sam što te po to ne samo kako"
    " kada ako bio bila bilo prema između može njegova sve također jer gdje već još uz nakon tijekom prije ima"
    " imaju smo ste ih mu joj bili bile bit ćemo mogu mora moraju sada uvijek vrlo više godine godina svi svih ovo"
    " ova ovaj toga tome tko ništa nego dok jedan prvi osim zbog kod nas vas nam",
    "hu": "a az és hogy nem is egy ez azt volt meg de csak van mint már ha vagy el még ki be sem után ezt azonban lehet"
    " kell minden aki majd pedig igen mert én ő amely több között szerint voltak",
    "id": "yang dan di ini itu dengan untuk dari pada tidak adalah dalam akan ke juga saya ada oleh mereka bisa karena"
    " telah atau kami anda dia sebagai lebih orang sudah seperti dapat hanya bahwa kita para tersebut",
    "it": "il lo la i gli le di del della dei e in che per con una un è non più al alla da nel si sono ha come suo sua"
    " questo questa ma o anche essere ci se sul tra degli noi perché dove già questi queste quello altra altri"
    " molto molti hanno fa può possono anni anno né dopo prima solo nostro nostra sta stanno cosa meglio lui lei",
    "lt": "ir yra kad į su iš tai buvo bet kaip ne už per jis nuo taip o po ar jau tik apie savo jo jos kurie kuris kai"
    " prie dar arba dėl būti šis aš mes nėra labai pat gali",
    "lv": "un ir ar no uz par ka kas tika bija lai pēc kā arī bet viņš vai gan tas to ne nav pie tā ļoti es savu var"
    " tikai būt līdz šo tie viņa vairāk jau kad pa mēs",
    "nl": "de het van een en in is dat op te niet met voor zijn aan er die ook als om bij maar naar uit door wordt"
    " heeft hij was ze we deze werd over nog kan worden ik hebben geen",
    "no": "og i at er det en den til av på for med de som der et har han ikke var fra om men seg hva hvor hvis etter"
    " ble blir også mye noen noe bare meg deg jeg være kan skal nå opp mellom uten igjen alltid aldri hvordan når"
    " hvem kunne ved selv like bedre mer flere deres vår våre henne hennes nei takk hele første siste uke dag tid"
    " bli får fikk gjør gå går stå si sier sa inn ut hjem både mindre annet annen veldig god godt tilbake mot"
    " gjennom under over ligger rett bak side ifølge kanskje heter sammen derfor heller alle sånn litt vi fram"
    " riktig nye enn hvorfor",
    "pl": "i w na z się do nie że to jest o jak po od za przez dla są był była było który która które może ale lub"
    " tylko ich jego jej tym oraz jako już przy być ze co",
    "pt": "o a os as de do da dos das e em que por com uma um é não mais ao no na como se seu sua para foi são este"
    " esta mas ou também ser pelo pela muito entre até há nos porque onde já isto estes estas esse essa outro"
    " outra outros muitos tem têm faz pode podem anos ano nem depois antes só nosso nossa está estão quê melhor"
    " você ele ela",
    "ro": "și de la în a cu pe care nu este un o din pentru că mai sau sunt au fost ca prin dar după ce se al ale ei"
    " lui această acest fi ai le am avea când despre si sa in",
    "sk": "a je sa na v že to z do s o i vo k si ako za by pre po ale od sú som bol bola bolo ktorý ktorá ktoré môže"
    " pri alebo tiež už len jeho jej keď aby nie byť podľa čo až iba ešte pretože kde však medzi sme ste ho mu im"
    " boli bude budú mať má majú tak ten tejto tento tom ak viac než veľmi dnes rokov roku všetky všetkých jeden"
    " ďalší prvý cez pred bez nás vás nám vám potom teda",
    "sl": "in je v se na da so za od s o kot ki pa ali ter iz bo biti bi ni sem kar tudi po to ne samo kako ko če bil"
    " bila bilo med lahko njegova vse pri z ker kje že še ob pred zaradi ima imajo smo ste jih mu ji bili bile"
    " bodo bomo mora morajo zdaj vedno zelo več leta leto vsi vseh ta tega tem kdo nič temveč dokler en prvi razen"
    " čeprav nas vas nam kjer",
    "so": "iyo oo ka u ku ay waa in la uu ee ah wax ma si soo is aan isaga kala waxaa waxa lagu loo inuu badan kale"
    " dhex qof kasta leh markii ayaa ayuu sida marka ahaa mid waxay aad",
    "sq": "të e në i dhe një për me që nga është më u së ka si do nuk kjo ky se por ai ajo janë ishte kanë tij saj duke"
    " edhe deri sipas mund ose pas kur këtë pra unë",
    "sv": "och i att är det en den till av på för med de som ett har han inte var från om men sig vad hur där efter"
    " blev blir också mycket några något bara mig dig jag vara kan ska nu upp mellan utan igen alltid aldrig när"
    " vem kunde vid själv bättre mer fler deras vår våra henne hennes nej tack hela första sista vecka dag tid bli"
    " får fick gör gå går stå säga säger sade in ut hem både mindre annat annan god bra tillbaka mot genom under"
    " över ligger bakom sida enligt kanske heter tillsammans därför alla lite nya än varför vi",
    "sw": "na ya wa kwa ni katika la za kuwa cha hii huo huyo ambayo ambao pia au lakini kama hiyo yake wake watu vya"
    " yao hata sana bila zaidi mtu moja hivyo kila kutoka baada alikuwa wao sisi mimi nini",
    "tl": "ang ng sa na at mga ay ito si kay ni para ko mo niya siya hindi may kung ako nang kanyang isang din rin pa"
    " lang nila namin ka bilang dahil ngunit mula noong ating kami sila upang",
    "tr": "ve bir bu da de için ile çok olarak daha ne gibi olan var o ama en kadar sonra değil ya ben her göre ki mi"
    " olduğu veya yok ise hem tarafından şey sen biz onun diye eden büyük",
    "vi": "và của là có các được không cho một trong người những với đã này khi ở từ để đến tôi ra vào về như nhiều"
    " cũng sẽ còn phải lại theo trên hơn ông năm rất bị nhưng anh",
    "bg": "и на в да се е за от с не са по че като до ще или това към при си който която които беше бил със през след"
    " само но има ли както той тя може още съм ги ние вие те ни ви му тази този тези няма всички много където"
    " когато защото година години нас вас него нея без между два а",
    "mk": "и на во да се е за од со не ги по дека како до ќе или тоа кон при си кој која кои беше бил го преку после"
    " само но има ли што тој таа може уште сум ние вие тие нас ви му оваа овој овие нема сите многу каде кога"
    " затоа година години вас него неа без меѓу два а",
    "ru": "и на в не что с по это как из к за от а для он она они но о у же бы был была было его её или который так"
    " только мы вы я при все если есть еще нас вас них него нее этот эта эти нет всех очень где когда потому год"
    " года лет может уже без между два чтобы до под себя",
    "uk": "і на в не що з по це як із до за від а для він вона вони але про у же би був була було його її або який так"
    " тільки ми ви я при всі якщо є ще та нас вас них нього неї цей ця ці немає всіх дуже де коли тому рік року"
    " років може вже без між два щоб під себе",
    "ar": "في من على إلى أن التي الذي عن مع هذا هذه ما لا كان كانت أو كل بعد بين قد لم ذلك هو هي ثم إن حيث كما عند غير"
    " قبل حتى وقد وهو وفي منذ خلال إذا بها له",
    "fa": "و در به از که این را با است برای آن یک خود تا بر می شود شد هم ما من اند بود کرد ها نیز هر یا کرده شده باید"
    " اما پس دو اگر او باشد های ای دارد نمی",
    "ur": "کے میں کی ہے اور سے کا کو اس نے پر ہیں یہ کہ ایک بھی کر تھا نہیں تھے وہ تھی گیا ہو جو لیے ہی اپنے تو یا کچھ"
    " تک جب ان بعد ہوئے گئے رہا آپ ہم",
    "hi": "के में है की और से का को यह ने पर हैं कि एक भी कर था नहीं थे वह थी गया हो जो लिए ही अपने तो या कुछ तक जब उस"
    " बाद हुए इस रहा आप हम साथ",
    "mr": "आहे आणि या ते हे होते व असे तर ही होता होती आहेत त्या त्यांच्या नाही की मध्ये करून त्याच्या केले एक तो ती पण"
    " काही झाले यांनी मी असा येथे हा पासून साठी म्हणून काय मला आता",
    "ne": "को मा छ र का भने पनि गर्ने हो थियो यो गरेको भएको छन् एक लागि तर यस हुन्छ उनले गर्न नै ले बाट छैन तथा त्यो म"
    " सबै हुने थिए उनी अनि भन्ने गरी अन्य हुन्",
}


@cache
def function_words() -> dict[str, frozenset[str]]:
    """Return the languages (ISO 639-1) that have each function word."""
    languages: dict[str, set[str]] = {}
    for language, words in _WORDS.items():
        for word in words.split():
            languages.setdefault(word, set()).add(language)
    return {word: frozenset(found) for word, found in languages.items()}
