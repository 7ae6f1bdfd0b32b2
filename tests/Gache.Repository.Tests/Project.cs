using System.Xml.Linq;

namespace Gache.Repository.Tests;

/// <summary>What a project file says.</summary>
internal sealed record Project(string Path, string Name, IReadOnlyList<string> References, IReadOnlyList<XElement> Packages)
{
    public static IReadOnlyList<Project> All { get; } = [.. Repository.Files("*.csproj", "src", "tests", "bench", "examples").Select(Load)];

    public static IEnumerable<Project> Rooms => All.Where(project => project.Path.StartsWith("src/", StringComparison.Ordinal));

    public IEnumerable<string> PackageNames => Packages.Select(package => (string)package.Attribute("Include")!);

    private static Project Load(string path)
    {
        XElement root = XDocument.Parse(Repository.Read(path)).Root!;
        return new Project(
            path,
            System.IO.Path.GetFileNameWithoutExtension(path),
            [.. root.Descendants("ProjectReference").Select(e => NameIn((string)e.Attribute("Include")!))],
            [.. root.Descendants("PackageReference")]);
    }

    private static string NameIn(string reference) => System.IO.Path.GetFileNameWithoutExtension(reference.Replace('\\', '/'));
}
