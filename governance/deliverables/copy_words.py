"""What the corrected copy says of itself, in French and English."""

COPY_WORDS = {
    "fr": {
        "sheet": "Copie corrigée",
        "notes": "À lire",
        "filled": "Corrigé d'office : la bonne valeur est certaine. Vérifiez-la.",
        "before": "Valeur reçue : {value}",
        "line": "Ligne {line} : ",
        "hidden": "(non montrée)",
        "outside": "(hors contrat)",
        "too_large": "Le fichier est trop grand pour une copie corrigée.",
        "too_long": "Le fichier a plus de lignes qu'une feuille de tableur n'en contient ; "
        "le rapport CSV dit la même chose (--to a-corriger.csv).",
        "no_table": "Aucun tableau n'a été lu pendant ce passage : il n'y a rien à copier.",
        "legend_blocks": "Rouge : à corriger, sinon la ligne n'est pas reprise",
        "legend_improves": "Jaune : à améliorer, la ligne est reprise",
        "legend_filled": "Vert : corrigé d'office, la valeur reçue est dans le commentaire",
        "legend_hidden": "Gris : valeur non montrée ici, ou colonne hors contrat",
        "read_me": (
            "Copie de votre fichier, avec les cellules à corriger\n"
            "La ligne N de cette feuille est la ligne N de votre fichier et du rapport.\n"
            "Passez la souris sur une cellule de couleur : le commentaire dit quoi écrire.\n"
            "Toutes les cellules sont au format Texte, pour que les SIRET et les codes gardent leurs chiffres.\n"
            "Ce qui est écrit au-dessus du tableau ou hors de lui n'est pas repris dans cette copie."
        ),
    },
    "en": {
        "sheet": "Corrected copy",
        "notes": "Read me",
        "filled": "Filled in: the right value is certain. Please check it.",
        "before": "Value received: {value}",
        "line": "Line {line}: ",
        "hidden": "(not shown)",
        "outside": "(outside the contract)",
        "too_large": "The file is too large for a corrected copy.",
        "too_long": "The file has more rows than a sheet can hold; the CSV report says the same (--to to-mend.csv).",
        "no_table": "No table was read in this run: there is nothing to copy.",
        "legend_blocks": "Red: to mend, else the row is not taken",
        "legend_improves": "Yellow: to improve, the row is taken",
        "legend_filled": "Green: filled in, the value received is in the comment",
        "legend_hidden": "Grey: value not shown here, or column outside the contract",
        "read_me": (
            "Copy of your file, with the cells to mend\n"
            "Row N of this sheet is line N of your file and of the report.\n"
            "Point at a coloured cell: its comment says what to write.\n"
            "All cells are text, so that identifiers keep their digits.\n"
            "What is written above the table or beside it is not in this copy."
        ),
    },
}
