using Gache.EndToEnd.Harness;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace Gache.EndToEnd.Deploy;

/// <summary>A node of a YAML file: a text, a list or a mapping. What is not there is an error that says where it was looked for.</summary>
internal sealed class Yaml
{
    private readonly object? value;
    private readonly string path;

    private Yaml(object? value, string path) => (this.value, this.path) = (value, path);

    /// <summary>A text; numbers and booleans as they are written.</summary>
    public string Text => value as string ?? throw Missing("a text");

    public int Number => int.Parse(Text, System.Globalization.CultureInfo.InvariantCulture);

    public IReadOnlyList<Yaml> Items => value is List<object> list ? [.. list.Select((item, i) => new Yaml(item, $"{path}[{i}]"))] : throw Missing("a list");

    public string[] Texts => [.. Items.Select(item => item.Text)];

    public IReadOnlyDictionary<string, Yaml> Fields => value is Dictionary<object, object> map
        ? map.ToDictionary(entry => (string)entry.Key, entry => new Yaml(entry.Value, $"{path}.{entry.Key}"))
        : throw Missing("a mapping");

    /// <summary>Fields as <c>name=value</c>, in order: to compare labels with selectors.</summary>
    public string[] Pairs => [.. Fields.Select(entry => $"{entry.Key}={entry.Value.Text}").Order(StringComparer.Ordinal)];

    public Yaml this[string field] => Fields.TryGetValue(field, out Yaml? found) ? found : throw new Yaml(null, $"{path}.{field}").Missing("anything");

    /// <summary>Reads a file of the repository, merge keys (<c>&lt;&lt;</c>) applied.</summary>
    public static IReadOnlyList<Yaml> Read(string file)
    {
        using var text = new StringReader(File.ReadAllText(Path.Combine(ServerBinary.Root, file)));
        var parser = new MergingParser(new Parser(text));
        IDeserializer deserializer = new DeserializerBuilder().WithDuplicateKeyChecking().Build();
        List<Yaml> documents = [];
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _)) documents.Add(new Yaml(deserializer.Deserialize(parser), $"{file}#{documents.Count}"));
        return documents;
    }

    public bool Has(string field) => Fields.ContainsKey(field);

    private InvalidDataException Missing(string what) => new($"{path} is not {what}");
}
