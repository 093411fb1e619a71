"""What holds for the whole suite."""

import xmlschema
from xmlschema.validators.schemas import MetaXMLSchema10
from zope.interface import implementedBy

# twisted.internet.testing declares an interface on a subclass of collections.abc.Sequence. That leaves a
# descriptor on the abstract class which raises for its other subclasses, and xmlschema, whose schemas
# are sequences, reads every attribute of its classes. A declaration of their own keeps them apart.
for _schema_class in (xmlschema.XMLSchema10, MetaXMLSchema10):
    implementedBy(_schema_class)
