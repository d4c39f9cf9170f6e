"""Words and sentence frames that the stories of `prose` are written from; phrases are separated by bars.

A slot such as `{person}` is filled by `slots`; a digit behind it tells several of one kind apart.
"""

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split("|"))


FIRST_NAMES: Final = _words(
    "Amara Anton Beatriz Bilal Carmen Cedric Chiara Daniel Dara Delphine Elif Emeka Fatima Finn Gabriela Giorgos Hana "
    "Henrik Imani Ivo Jasmine Jonas Kaito Katarina Lena Liam Lucia Magnus Mei Mirela Nadia Nikhil Noor Olga Omar "
    "Paula Priya Quentin Rachel Rafael Ruth Samir Sanne Simon Tariq Teresa Tomas Uma Valentin Vera Wanda Wei Yara "
    "Yusuf Zoe"
)
SURNAMES: Final = _words(
    "Abara Ackermann Adeyemi Almeida Andersson Bakker Bellamy Bergstrom Castillo Chaudhry Clarke Costa Dahl Delgado "
    "Dimitrov Dubois Eriksen Farrell Ferrari Fischer Galloway Gupta Haddad Hargreaves Hoffmann Ibrahim Ivanova Jansen "
    "Kaplan Kimura Kowalski Lefebvre Lindqvist Lombardi Macdonald Mbeki Mendes Moreau Nakamura Novak Okafor Olsen "
    "Ortega Papadakis Pereira Petrov Quinn Rahman Reyes Rossi Saito Santana Schneider Sharma Silva Takeda Tanaka "
    "Thornton Vargas Vasquez Wallace Weber Whitfield Yilmaz Zhang Zimmer"
)
PLACES: Final = _phrases(
    "Aberdeen | Adelaide | Antwerp | Austin | Bergen | Bilbao | Boston | Brno | Bristol | Calgary | Cardiff | Cologne "
    "| Cork | Dakar | Dallas | Denver | Durban | Dresden | Edinburgh | Fresno | Galway | Geneva | Ghent | Glasgow | "
    "Graz | Halifax | Hamburg | Houston | Izmir | Kampala | Krakow | Lagos | Leeds | Leipzig | Lima | Lisbon | Lyon | "
    "Malmo | Manila | Marseille | Medellin | Melbourne | Memphis | Milan | Mombasa | Montreal | Mumbai | Nairobi | "
    "Nantes | Naples | Norwich | Osaka | Oslo | Ottawa | Perth | Porto | Portland | Pune | Quito | Reno | Riga | "
    "Rotterdam | Santiago | Seattle | Seville | Sheffield | Split | Tampa | Tartu | Toledo | Trieste | Tucson | Turin "
    "| Utrecht | Valencia | Vilnius | Wellington | Winnipeg | York | Zagreb"
)
ORGANISATIONS: Final = _phrases(
    "Institute | Group | Foundation | Partners | Holdings | Alliance | Laboratories | Trust | Systems | Council | "
    "Society | Works | Energy | Analytics | Logistics | Association | Motors | Publishing | Health | Union"
)
OUTLETS: Final = _phrases(
    "The Daily Ledger | Northern Post | Harbour News | The Courier | Metro Wire | Valley Tribune | The Observer "
    "Online | City Gazette | Evening Standard Press | Open Dispatch | The Beacon | Coastline Radio | Morning Herald | "
    "Newsdesk"
)
NOUNS: Final = _words(
    "anchor apron archive arrow attic bakery balcony barley barrel basket beacon beehive bell bicycle blanket boiler "
    "bottle bracket bridge bucket cabin cable calendar camera candle canoe canvas carpet castle cellar ceramic chapel "
    "chimney cider clay clock coat copper coral cottage crane curtain dairy dam diary drum engine fence ferry fiddle "
    "flute forge fountain furnace garden garlic gate glacier granite greenhouse guitar hammer harp hedge helmet honey "
    "horn inn iron ivory jacket jar kayak kettle kiln kite ladder lamp lantern lemon lever lime linen loom magnet "
    "mantle maple marble mast mill mirror mosaic moss mural needle oak oar olive orchard organ oven parcel pepper "
    "piano pillow pipe plough poster pottery pulley pump quarry quilt raft rail ribbon rope saddle sail salt scarf "
    "shed shelter silk silver slate sledge soap spade spice spindle staircase statue stove string sugar tapestry "
    "telescope tent thread tile timber tower trumpet tunnel umbrella valve velvet violin wagon walnut well wharf "
    "wheel whistle willow window wool workshop"
)
ADJECTIVES: Final = _words(
    "abandoned ancient borrowed broken careful cheap clever crowded distant dusty early empty expensive familiar "
    "fragile gentle hidden honest hollow local lonely lucky modest narrow noisy ordinary painted patient plain polite "
    "private quiet rare remote rusty scattered secret shallow silent simple sleepy spare steady strange sturdy "
    "temporary tidy unusual useful vivid warm weathered wooden worn"
)

# what any story may say, whatever it is about
FRAMES: Final = _phrases(
    "{actor} in {place} {act} on {weekday}, after months of argument over {issue} | "
    "{person}, who speaks for {org}, said that {outcome} | "
    '"Nobody expected that {outcome}," said {person2} | '
    "For {person}, the trouble began with {issue} and ended beside a {adjective} {noun} | "
    "About {n1:12-980} people signed a letter on {issue}, which {org} keeps in a {adjective2} {noun2} | "
    "By {month}, {actor} had already {participle} {issue} twice | "
    "It is not the first time that {issue} has divided {place} | "
    "{org2} has offered {money} towards {issue}, and asks for a {noun3} in return | "
    "Critics answer that {outcome}, and point to what happened in {place2} in {year} | "
    "The {noun} that {person3} found there was {adjective3}, but it changed how {actor} saw {issue} | "
    "In {year2} there were {n2:3-75} such cases; this year there are {n3:4-99} | "
    "A {adjective} report of {n4:18-240} pages describes {issue} in detail | "
    "What remains open is whether {outcome} | "
    "{person2} remembers a time when {actor} {act} without asking anybody | "
    "Even so, {percent} of those who were asked would rather talk about {issue2} | "
    "The next meeting, on {date}, will return to {issue2} | "
    "Behind the {noun2} stands a {adjective2} {noun4}, and nobody in {place} knows who paid for it | "
    '"We have the {noun3}, we have the people, and what we lack is time," {person} said | '
    "There is also {issue2}, which costs {org} some {money2} a year | "
    "Meanwhile {actor2} {act2}, and few took notice | "
    "Neighbours speak of a {adjective3} winter, of {issue}, and of the {noun5} that was never mended | "
    "Whoever visits {place2} will see that {outcome2} | "
    "If {person3} is right, {outcome2} before {month2} | "
    "None of this surprises {person2}, who spent {n5:3-38} years with {org2} | "
    "Money is only part of it: {issue2} matters more than the {noun} | "
    "The plan names {n6:2-14} steps, the first of which is {issue} | "
    "Others doubt it, since {actor2} {act2} only last {weekday2} | "
    "At the edge of the town a {adjective} {noun4} reminds visitors of {issue2} | "
    "{actor} {act}, {org} confirmed, though the {noun6} stays where it is | "
    "Ask {person3} about {issue} and the answer comes with a {adjective2} smile | "
    "Since {year}, no {noun4} in {place} has drawn so many visitors | "
    "Two of the {n7:5-60} members abstained, among them {person4} | "
    "The money, {money3} in all, was meant for a {noun5} near the station | "
    "It took {person4} an afternoon and a borrowed {noun6} to see why {outcome2} | "
    "Opinion in {place3} is split: some praise {issue}, others fear {issue2} | "
    "Rain had fallen for {n8:2-19} days when {actor2} {act2} | "
    "{org2} wants to publish its figures in {month2} at the earliest | "
    "Seen from {place3}, the whole affair looks like a {adjective3} {noun} without a door | "
    "Those who depend on it learned of {issue2} from a poster | "
    "A spokeswoman for {org3} would neither confirm nor deny that {outcome} | "
    "One photograph shows {person} next to a {noun2}, holding a {adjective} {noun6} | "
    "Of {n9:110-990} households, only {n7:5-60} have answered so far | "
    "Experts from {place2} were invited, but their train stood still at {time} | "
    "To understand {issue}, it helps to look at the {noun3} of {year2} | "
    "Whether {actor} would do so again is a question that {person4} leaves open | "
    "Insurance covers {percent2} of the damage, according to {org3} | "
    "Some call it luck; {person3} calls it the work of {n8:2-19} years | "
    "There were tears, a song, and in the end a {adjective2} {noun5} for everybody | "
    "Officials in {place3} had warned as early as {month} | "
    "Her colleague {person4} disagrees, and cites the case of a {noun4} in {place2} | "
    "So far {actor} {act} on trial only, until {date2} | "
    "The older half of the town shrugs: {issue2} was always there"
)

_ROWS: Final = """
council: the city council; the mayor; residents of the old quarter; planning officers; the opposition
 > approved the new tram line; rejected the parking plan; voted against a car-free square; sold the market hall
 > the price of building land; empty shops in the high street; noise at night; the budget for libraries
 > rents will keep rising; the square will close for two summers; the vote could be repeated
health: doctors at the university hospital; nurses; a team of epidemiologists; patients' groups
 > tested a cheaper vaccine; described a rare allergy; stopped a trial early; warned of a shortage of antibiotics
 > waiting times in emergency rooms; side effects in older patients; the cost of insulin; sleep and blood pressure
 > the effect lasts for years; fewer children fall ill; screening should start earlier
football: the visitors; the home side; the young goalkeeper; the coach; travelling supporters
 > scored twice from corners; lost their captain to injury; drew with the champions; missed a late penalty
 > a fragile defence; the race against relegation; ticket prices; the transfer window
 > the title is still within reach; the coach will have to go; the derby decides everything
software: the maintainers; an open-source team; security researchers; the developers of a small database
 > released a faster compiler; patched a memory leak; rewrote the scheduler; removed an old interface
 > backwards compatibility; unpaid maintenance work; slow tests; a confusing licence
 > most users will not notice; the old version stays supported; builds take half the time
space: astronomers; engineers at the ground station; the crew; a pair of students
 > observed a dim comet; lost contact with a probe; mapped a crater; launched a small satellite
 > dust on the solar panels; radio noise; debris in low orbit; the age of the moon
 > the mission could be extended; ice lies deeper than believed; the signal was no accident
farming: growers; dairy farmers; a cooperative of vintners; beekeepers; the owner of a seed bank
 > lost half the harvest to frost; planted hardy wheat; blocked a motorway with tractors; opened a cheese school
 > the price of fertiliser; water rights; late rain; wolves near the pastures
 > bread will cost more; the valley will change its crops; small farms will disappear
energy: the grid operator; a solar start-up; engineers; the owners of the dam; a village cooperative
 > shut the last coal plant; connected a battery the size of a school; repaired an undersea cable; raised tariffs
 > power cuts in winter; the price of gas; permits for wind turbines; the heat pump in the cellar
 > bills will fall slowly; the region can feed itself by spring; storage is the true bottleneck
books: the novelist; a small publisher; the translator; critics; librarians
 > won a prize for a first novel; found a lost manuscript; reissued a forgotten classic; closed a reading room
 > family secrets; the rhythm of long sentences; piracy; stories told by children
 > readers want shorter chapters; the sequel is already written; the letters will stay sealed
music: the orchestra; a folk duo; the organist; festival organisers; a drummer from the suburbs
 > recorded an album in a barn; cancelled the summer tour; played a forgotten symphony; moved to a former factory
 > streaming royalties; bad acoustics; the silence between two movements; a stolen cello
 > the hall will be full again; vinyl is no passing fashion; rehearsals last longer than the concert
film: the director; the documentary crew; a costume designer; the festival jury; cinema owners
 > filmed in a disused mine; shared the main prize; cut twenty minutes; restored a silent comedy
 > long takes; subtitles; the weather during the shoot; the death of small cinemas
 > the ending divides audiences; nobody wants a remake; the best scenes were improvised
travel: hikers; the ferry company; hotel owners; a guide who grew up there; rail passengers
 > opened a night train; marked a coastal path; closed the mountain hut; limited cruise ships
 > crowded beaches; lost luggage; the price of a simple room; the last bus
 > autumn is the better season; the old road is safe again; visitors stay for shorter times
food: the chef; a street vendor; bakers; a family of fishmongers; food historians
 > revived a medieval recipe; opened a restaurant without a menu; banned plastic spoons; smoked trout over beech
 > the right flour; bitter vegetables; the cost of olive oil; food left on plates
 > guests come back for the soup; sourdough needs patience; spices travelled further than people
schools: teachers; pupils; the head of a rural school; parents; the education ministry
 > dropped homework for a year; built a kitchen garden; went on strike; introduced chess lessons
 > telephones in class; a shortage of maths teachers; the length of holidays; reading aloud
 > marks say little; smaller classes help the weakest; the experiment will be copied
courts: the judge; the defence; prosecutors; a former accountant; two witnesses
 > dismissed the complaint; reopened a case from the nineties; ordered a new trial; admitted a forged signature
 > missing evidence; a secret contract; slow courts; the limits of privacy
 > an appeal is certain; the sentence was too mild; the law needs a clearer wording
markets: investors; the central bank; analysts; a family-owned retailer; the supervisory board
 > cut its forecast; bought a rival; raised interest rates; sold a stake in a port
 > weak demand; currency swings; expensive credit; a tax on exports
 > inflation has peaked; the merger will take years; dividends are safe for now
nature: rangers; ornithologists; volunteers; the lighthouse keeper; a marine biologist
 > counted nesting storks; freed a stranded seal; found a beetle thought extinct; closed a trail for lynx
 > warm rivers; plastic in the dunes; light at night; invasive crabs
 > the birds leave later every year; the reef may recover; foxes profit most
transport: cyclists; the bus operator; road planners; lorry drivers; the airport
 > tested driverless shuttles; rebuilt a dangerous junction; abolished paper tickets; lowered the speed limit
 > delays on the ring road; broken lifts; a missing bridge; noise from early flights
 > more people take the train; the bypass was a mistake; accidents have halved
archaeology: archaeologists; divers; a museum curator; students on a summer dig; the landowner
 > uncovered a bronze workshop; dated a wooden road; raised a wreck; returned two masks
 > looted graves; a puzzling inscription; flooding at the site; trade before coins
 > the settlement is older than Rome; the finds belong to everybody; the temple burned twice
gardening: gardeners; the head of the botanical garden; allotment holders; a rose breeder
 > saved an old apple variety; replaced lawns with meadows; grew lemons in a tunnel; lost their hedges to moths
 > dry soil; slugs after rain; peat; the right moment to prune
 > compost is half the work; shade matters more than water; the roses will flower twice
labour: union leaders; warehouse workers; the employers; couriers; apprentices
 > walked out at dawn; agreed on a four-day week; demanded higher pay; sued over unpaid breaks
 > night shifts; temporary contracts; safety at the presses; a lack of apprentices
 > talks will resume; the strike costs both sides; robots will not replace welders
"""


def _topics(rows: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    topics = {}
    for block in rows.strip().replace("\n >", " >").splitlines():
        name, phrases = block.split(":", 1)
        topics[name] = tuple(tuple(one.strip() for one in part.split(";")) for part in phrases.split(">"))
    return topics


# by topic: who acts, what they did, what it is about, what follows
TOPICS: Final = _topics(_ROWS)
MONTHS: Final = _words("January February March April May June July August September October November December")
WEEKDAYS: Final = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
HOSTS: Final = _words(
    "ledger northernpost harbournews courier metrowire tribune observer gazette dispatch beacon herald"
)
PARTICIPLES: Final = _words("debated postponed raised studied ignored settled measured explained")
_SYNONYMS: Final = _words(
    "said/stated about/roughly town/city begun/started also/additionally show/display keeps/holds old/aged "
    "new/novel small/little large/big many/numerous found/discovered offered/proposed answer/reply begins/starts "
    "only/merely nobody/no-one remembers/recalls trouble/difficulty ended/finished changed/altered money/cash "
    "whole/entire important/significant report/account describes/outlines detail/depth costs/takes visit/tour "
    "next/following help/assist buy/purchase people/persons children/kids house/home job/post quickly/rapidly "
    "often/frequently almost/nearly big/large difficult/hard get/obtain use/employ make/create need/require "
    "different/distinct because/since but/yet although/though until/till however/still several/various "
    "another/one-more always/ever began/started doubt/question fear/worry near/close-to photograph/picture "
    "damage/harm colleague/coworker meeting/session signed/endorsed asked/requested wants/wishes "
    "expected/anticipated mended/repaired spent/passed"
)
# read both ways
SYNONYMS: Final = {one: other for pair in _SYNONYMS for one, other in (pair.split("/"), pair.split("/")[::-1])}
